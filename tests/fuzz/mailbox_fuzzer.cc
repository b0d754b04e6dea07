// A file of mail: however it is read, it has the same messages, or the same is wrong with it. What
// is packed of them has lines that all end in CR LF, and what is said of it is so; a fresh one has
// no field that goes and the same body. An mbox that is made of messages gives those messages.
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "mail/body.h"
#include "mail/corpus/corpus_packer.h"
#include "mail/corpus/mailbox_reader.h"
#include "mail/header_fields.h"
#include "mbox_writer.h"
#include "pieces.h"

using namespace millrace;
using namespace millrace::mail;

namespace {

struct File {
  std::vector<std::string> messages;
  bool mbox = false;
  std::string refusal;

  bool operator==(const File&) const = default;
};

File read(std::string_view text, std::size_t piece) {
  const auto some = [&](char* into, std::size_t room) {
    const std::string_view next = text.substr(0, std::min(piece, room));
    next.copy(into, next.size());
    text.remove_prefix(next.size());
    return next.size();
  };
  File file;
  try {
    MailboxReader reader("x", some);
    file.mbox = reader.is_mbox();
    while (const auto message = reader.next()) file.messages.emplace_back(*message);
  } catch (const Fatal& error) {
    file.refusal = error.what();
  }
  return file;
}

// What is packed in a form, of which all that it claims was seen to be so.
std::string packed(std::string_view stored, CorpusForm form, bool quoted) {
  std::string text;
  const PackedTraits traits = pack(stored, form, quoted, text);
  bool dots = false;
  bool long_lines = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    fuzz::require(end != std::string_view::npos && end > 0 && rest[end - 1] == '\r');
    dots |= rest.front() == '.';
    long_lines |= end - 1 > kLongestLine;
    rest.remove_prefix(end + 1);
  }
  fuzz::require(dots == (traits.content.dots == Content::Dots::some) &&
                long_lines == traits.long_lines);
  std::string again;
  pack(text, form, false, again);
  fuzz::require(again == text);
  return text;
}

void check_packed(std::string_view stored, bool quoted) {
  const std::string is = packed(stored, CorpusForm::is, quoted);
  const std::string fresh = packed(stored, CorpusForm::fresh, quoted);
  const std::string_view header = header_section(fresh);
  for (std::string_view rest = header; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    const std::string_view line = rest.substr(0, rest.find('\r'));
    fuzz::require(continues_field(line) || !field_name(line).empty());
    fuzz::require(!goes_when_sent_anew(field_name(line)));
  }
  std::string_view body = std::string_view(fresh).substr(header.size());
  if (!body.empty()) body.remove_prefix(2);  // the empty line, which may have been missing
  fuzz::require(is.ends_with(body));
}

void check_made(std::string_view text) {
  std::vector<std::string> messages;
  std::string mbox;
  while (!text.empty()) {
    std::string message(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(message.size() + 1, text.size()));
    if (!message.ends_with('\n')) message += '\n';
    tests::append_to_mbox(message, mbox);
    messages.push_back(std::move(message));
  }
  if (messages.empty()) return;
  const File file = read(mbox, std::string_view::npos);
  fuzz::require(file.mbox && file.refusal.empty() && file.messages.size() == messages.size());
  for (std::size_t number = 0; number < messages.size(); ++number) {
    fuzz::require(packed(file.messages[number], CorpusForm::is, true) ==
                  packed(messages[number], CorpusForm::is, false));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const File file = read(text, std::string_view::npos);
  fuzz::require(file == read(text, std::max<std::size_t>(1, data[0])));
  for (const std::string& message : file.messages) check_packed(message, file.mbox);
  check_made(text);
  return 0;
}
