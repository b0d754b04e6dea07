#include <algorithm>
#include <ctime>
#include <iterator>
#include <string>
#include <string_view>

#include "sink/one_line.h"
#include "sink/store/message_forms.h"
#include "sink/store/stored_text.h"

namespace millrace::sink {
namespace {

// What a sink says of a message ends ahead of content that begins with a blank: it would go on with
// the last of these fields (RFC 5322, 2.2.3).
void end_trace(std::string_view line_end, bool& begun, std::string_view piece, std::string& text) {
  if (!begun && (piece.starts_with(' ') || piece.starts_with('\t'))) text.append(line_end);
  begun = true;
}

void write_unix_text(const KeptMessage& message, UnixText::From from, TextTarget& target) {
  append_trace(message, "\n", target.text());
  UnixText lines(from);
  bool begun = false;
  target.fail(message.content.visit([&](std::string_view piece) {
    end_trace("\n", begun, piece, target.text());
    lines.take(piece, target.text());
    target.passed();
    return 0;
  }));
  lines.finish(target.text());
}

// A date as asctime(3) writes it, in UTC (RFC 4155, Appendix A).
std::string asctime_utc(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::string text(64, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &parts));
  return text;
}

// The sender as a From_ line may have it: without blanks, which are what is between its fields.
std::string separator_sender(std::string_view sender) {
  if (sender.empty()) return "MAILER-DAEMON";
  std::string text = one_line(sender);
  const auto blank = [](char byte) { return byte == ' ' || byte == '\t'; };
  std::replace_if(text.begin(), text.end(), blank, '-');
  return text;
}

}  // namespace

void write_unix_message(const KeptMessage& message, TextTarget& target) {
  write_unix_text(message, UnixText::From::as_it_is, target);
}

void write_mbox_message(const KeptMessage& message, TextTarget& target) {
  const auto time = std::chrono::floor<std::chrono::seconds>(message.time);
  target.text()
      .append("From ")
      .append(separator_sender(message.sender))
      .append(" ")
      .append(asctime_utc(time.time_since_epoch().count()))
      .append("\n");
  write_unix_text(message, UnixText::From::quoted, target);
  target.text() += '\n';
}

void write_wire_message(const KeptMessage& message, TextTarget& target) {
  append_trace(message, "\r\n", target.text());
  bool begun = false;
  target.fail(message.content.visit([&](std::string_view piece) {
    end_trace("\r\n", begun, piece, target.text());
    target.text().append(piece);
    target.passed();
    return 0;
  }));
}

}  // namespace millrace::sink
