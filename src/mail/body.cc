#include "mail/body.h"

#include <algorithm>

namespace millrace::mail {

std::string default_body() {
  std::string body;
  for (const char number : {'1', '2', '3', '4'}) {
    body.append("La de da de da ").append(1, number).append(".\r\n");
  }
  return body;
}

std::string payload_body(std::size_t length) {
  constexpr std::size_t kLine = 80;
  std::string body(length, 'X');
  for (std::size_t end = kLine; end < length; end += kLine) {
    body[end - kLine] = static_cast<char>('0' + end / kLine % 10);
    body[end - 2] = '\r';
    body[end - 1] = '\n';
  }
  return body + "\r\n";
}

namespace {

// Whether there is a line, and each that ends does so in CR LF.
bool ends_in_cr_lf(std::string_view text) {
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  for (; end != std::string_view::npos; end = text.find('\n', end + 1)) {
    if (end == 0 || text[end - 1] != '\r') return false;
  }
  return true;
}

}  // namespace

std::string preformatted_body(std::string_view text) {
  if (ends_in_cr_lf(text)) {
    std::string body(text);
    if (!body.ends_with("\r\n")) body.append("\r\n");
    return body;
  }
  std::string body;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (end < text.size() && line.ends_with('\r')) line.remove_suffix(1);
    body.append(line).append("\r\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return body + "\r\n";
}

std::string_view header_section(std::string_view message) {
  for (std::size_t line = 0; line < message.size();) {
    const std::string_view rest = message.substr(line);
    if (rest.starts_with('\n') || rest.starts_with("\r\n")) return message.substr(0, line);
    line += std::min(rest.find('\n'), rest.size() - 1) + 1;
  }
  return message;
}

std::string double_dots(std::string_view body) {
  std::string doubled;
  doubled.reserve(body.size());
  while (!body.empty()) {
    if (body.front() == '.') doubled += '.';
    doubled.append(take_until_dot(body));
  }
  return doubled;
}

std::string_view take_until_dot(std::string_view& text) {
  const std::size_t dot = text.find("\r\n.");
  const std::string_view lines = text.substr(0, dot == std::string_view::npos ? dot : dot + 2);
  text.remove_prefix(lines.size());
  return lines;
}

}  // namespace millrace::mail
