#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/roll.h"
#include "mail/clients/client_kind.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kLine = 78;  // bytes of a line with its end (RFC 5322, 2.1.1)

// "LF" is the byte.
std::string line_end(std::string_view word) {
  if (word == "LF") return "\n";
  return word == "CR" ? "\r" : "\r\n";
}

std::string false_end(std::uint64_t number) {
  const std::string_view name = false_ends()[number];
  const std::size_t dot = name.find('.');
  return line_end(name.substr(0, dot)) + '.' + line_end(name.substr(dot + 1));
}

// So many bytes in lines; the last may be short, and ends like all others where there is room.
std::string lines(std::uint64_t bytes) {
  std::string text;
  text.reserve(bytes);
  while (text.size() + kLine <= bytes) text.append(kLine - 2, 'x').append("\r\n");
  const std::size_t left = bytes - text.size();
  if (left >= 2) return text.append(left - 2, 'x').append("\r\n");
  return text.append(left, 'x');
}

// Of so many bytes, its name and line ends included.
std::string long_header(std::uint64_t bytes) {
  std::string text = "X-Long: ";
  std::size_t column = text.size();
  while (text.size() + 2 < bytes) {
    if (column + 2 == kLine) {
      text += "\r\n ";
      column = 1;
    }
    text += 'x';
    ++column;
  }
  return text += "\r\n";
}

std::string headers(std::uint64_t number) {
  std::string text;
  for (std::uint64_t i = 1; i <= number; ++i) text += fmt::format("X-Flood-{0}: {0}\r\n", i);
  return text;
}

// No boundary is the beginning of another one: that is what the letter behind the number is for
// (RFC 2046, 5.1.1).
std::string multiparts(std::uint64_t depth) {
  std::string text;
  for (std::uint64_t i = 1; i <= depth; ++i) {
    text +=
        fmt::format("Content-Type: multipart/mixed; boundary=level{0}x\r\n\r\n--level{0}x\r\n", i);
  }
  text += "Content-Type: text/plain\r\n\r\nthe innermost part\r\n";
  for (std::uint64_t i = depth; i > 0; --i) text += fmt::format("--level{}x--\r\n", i);
  return text;
}

// The same ones each time, and never what begins like a record of TLS (RFC 8446, 5.1).
std::string noise(std::uint64_t bytes) {
  Roll roll(bytes);
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(roll() & 0xff);
  if (!text.empty()) text.front() = '\xff';
  return text;
}

std::string filled(Fill fill, std::uint64_t number) {
  switch (fill) {
    case Fill::lines:
      return lines(number);
    case Fill::run:
      return std::string(number, 'x');
    case Fill::long_header:
      return long_header(number);
    case Fill::headers:
      return headers(number);
    case Fill::multiparts:
      return multiparts(number);
    case Fill::noise:
      return noise(number);
  }
  return {};
}

// What goes into a line must be of that line.
std::string single_line(std::string text) {
  std::erase_if(text, [](char byte) { return byte == '\r' || byte == '\n' || byte == '\0'; });
  return text;
}

void replace(std::string& text, std::string_view name, std::string_view value) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size()) {
    text.replace(at, name.size(), value);
  }
}

}  // namespace

Script make_script(const ClientBehaviour& behaviour, const ClientIdentity& identity) {
  const ClientKind& kind = *behaviour.kind;
  const std::uint64_t value = behaviour.value.value_or(kind.usual);
  Script script;
  for (const ScriptRow& row : kind.script) {
    const std::uint64_t number = row.number != 0 || row.act == Act::await ? row.number : value;
    Step step{.act = row.act,
              .verb = row.verb,
              .text = std::string(row.text),
              .number = number,
              .window = row.window};
    if (step.text.find("{end}") != std::string::npos) {
      script.smuggles = true;
      replace(step.text, "{end}", false_end(value));
    }
    replace(step.text, "{kind}", behaviour.text);
    replace(step.text, "{helo}", single_line(identity.hello_name));
    replace(step.text, "{from}", single_line(identity.reverse_path));
    replace(step.text, "{to}", single_line(identity.forward_path));
    if (row.fill) step.text += filled(*row.fill, number);
    if (step.act == Act::read_slowly) script.reads_slowly = true;
    if (step.act == Act::renegotiate) script.renegotiates = true;
    const bool leaves =
        step.verb == smtp::Verb::quit || step.act == Act::leave || step.act == Act::reset;
    if (leaves) script.farewell = script.steps.size();
    script.steps.push_back(std::move(step));
  }
  return script;
}

}  // namespace millrace::mail
