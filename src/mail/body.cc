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

std::string preformatted_body(std::string_view text) {
  std::string body;
  body.reserve(text.size() + text.size() / 32 + 4);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    body.append(text.substr(0, end)).append("\r\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return body + "\r\n";
}

std::string double_dots(std::string_view body) {
  std::string doubled;
  doubled.reserve(body.size() + body.size() / 64);
  while (!body.empty()) {
    if (body.front() == '.') doubled += '.';
    const std::size_t end = body.find("\r\n");
    const std::size_t length = end == std::string_view::npos ? body.size() : end + 2;
    doubled.append(body.substr(0, length));
    body.remove_prefix(length);
  }
  return doubled;
}

}  // namespace millrace::mail
