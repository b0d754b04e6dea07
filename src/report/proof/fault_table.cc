#include "report/proof/fault_table.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "base/printable.h"
#include "report/csv_field.h"
#include "report/proof/fault_words.h"

namespace millrace::report {
namespace {

constexpr std::size_t kWriteAtOnce = 65'536;  // bytes

// A reply by which the server took it.
bool took(std::uint16_t code) { return code / 100 == 2; }

// A spreadsheet takes what begins with one of the first four for a formula, and what a server said
// should not be one on the machine of whoever looks (CWE-1236). With the quote among them all can
// be undone: where a text begins with one, that is not part of it.
constexpr std::string_view kQuoted = "=+-@'";

std::string own_words(std::string_view text) {
  const bool quoted = !text.empty() && kQuoted.find(text.front()) != std::string_view::npos;
  return csv_field((quoted ? "'" : "") + printable(text, Charset::utf8));
}

// All of a row behind its word. What means nothing is empty.
std::string columns(const proof::Fault& fault) {
  const auto number = [](bool known, std::uint64_t value) {
    return known ? std::to_string(value) : std::string();
  };
  const bool stamped = proof::is_stamped(fault.comparison);
  std::string text =
      fmt::format(",{},{},{},{},{}", fault.run, number(stamped, fault.message),
                  number(stamped && fault.recipient != proof::kUnknownRecipient, fault.recipient),
                  own_words(fault.kind), own_words(fault.domain));
  fmt::format_to(std::back_inserter(text), ",{},{},{},{},{},{},{},{},{},{},{}\r\n",
                 own_words(queue_id_of(fault)), number(fault.code != 0, fault.code),
                 utc_time(fault.due), utc_time(fault.sent), utc_time(fault.acknowledged),
                 utc_time(fault.taken), fault.copies == 0 ? "" : comparison_name(fault.comparison),
                 fault.copies, own_words(reason_of(fault)), own_words(fault.taken_text),
                 own_words(fault.taken_in));
  return text;
}

}  // namespace

std::string queue_id_of(const proof::Fault& fault) {
  return took(fault.code) ? fault.sent_text : std::string();
}

std::string reason_of(const proof::Fault& fault) {
  return took(fault.code) ? std::string() : fault.sent_text;
}

FaultTable::FaultTable(const std::string& path)
    : file_(path, OutputFile::How::replace),
      text_(
          "what,run,message,recipient,kind,domain,queue_id,code,due,sent,acknowledged,taken,"
          "content,copies,reason,sink_text,journal\r\n") {}

void FaultTable::add(const proof::Fault& fault) {
  const std::string behind = columns(fault);
  for (const FaultWord& one : fault_words()) {
    if (one.is != nullptr && one.is(fault)) text_.append(one.word).append(behind);
  }
  if (text_.size() < kWriteAtOnce) return;
  file_.append(text_);
  text_.clear();
}

}  // namespace millrace::report
