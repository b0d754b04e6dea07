// Templates, a NUL and the CSV that they take fields from: a message for each row whose header
// section no field can break, or the places of all mistakes.
#include <string>

#include "base/diagnostics.h"
#include "mail/template/template_reader.h"
#include "pieces.h"

using namespace millrace;
using namespace millrace::mail;

namespace {

constexpr std::string_view kMark = "X-Mark: 1\r\n";

std::size_t header_lines(std::string_view message) {
  std::size_t lines = 0;
  while (!message.empty() && !message.starts_with("\r\n")) {
    const std::size_t end = message.find("\r\n");
    fuzz::require(end != std::string_view::npos);
    if (message.front() != ' ' && message.front() != '\t') ++lines;
    message.remove_prefix(end + 2);
  }
  return lines;
}

// Steps put what the text has once at most.
void check_steps(const Template& compiled) {
  std::size_t left = compiled.text.size();
  for (const TemplateStep& step : compiled.steps) {
    fuzz::require(step.size <= left);
    fuzz::require(step.size == 0 || step.begin <= compiled.text.size() - step.size);
    left -= step.size;
  }
}

void check_message(const TemplateKind& kind, std::uint64_t number, std::size_t most,
                   std::size_t& fields) {
  const MessageFacts facts{.number = number,
                           .sender = number == 0 ? "" : "a@b",
                           .recipient = "c@d",
                           .message_id = "<1@e>",
                           .date = "Thu, 1 Jan 2026 00:00:00 +0000",
                           .extra_headers = kMark,
                           .roll = Roll(number)};
  Content content;
  kind.make(facts, content);
  const std::string message = content.flattened();
  fuzz::require(message.size() == content.size() && message.ends_with("\r\n"));
  fuzz::require(message.size() <= most);
  fuzz::require(message.find(kMark) != std::string::npos);
  // Lines end in CR LF alone, whatever the fields have.
  for (std::size_t end = 0; (end = message.find('\n', end)) != std::string::npos; ++end) {
    fuzz::require(end > 0 && message[end - 1] == '\r');
  }
  // Each message has as many header fields as the first.
  const std::size_t lines = header_lines(message);
  if (fields == 0) fields = lines;
  fuzz::require(lines == fields && lines >= 5);
  Content again;
  kind.make(facts, again);
  fuzz::require(again.flattened() == message);
  Output data;
  content.append_data(data);
  fuzz::require(data.flattened().ends_with("\r\n.\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\0'));
  std::optional<Csv> csv;
  try {
    csv.emplace(std::string(input.substr(std::min(text.size() + 1, size))), "fields");
  } catch (const Fatal&) {
    csv.reset();
  }
  TemplateRead read = read_template(text, "template", csv ? &*csv : nullptr);
  for (const std::string& mistake : read.mistakes) {
    fuzz::require(mistake.starts_with("template:") || mistake.starts_with("fields:"));
    fuzz::require(mistake.find('\n') == std::string::npos);
  }
  check_steps(read.compiled);
  if (!read.mistakes.empty()) return 0;
  // Escaped or in encoded words, which have at most 32 bytes around them, each of which begins a
  // value or follows 45 bytes of it; no other value is longer than 64.
  const std::size_t most =
      4 * (read.compiled.text.size() + read.compiled.steps.size() * (size + 64));
  const TemplateKind kind(std::move(read.compiled));
  std::size_t fields = 0;
  const std::size_t rows = csv ? std::min<std::size_t>(csv->rows(), 16) : 1;
  for (std::uint64_t number = 0; number <= rows; ++number) {
    check_message(kind, number, most, fields);
  }
  return 0;
}
