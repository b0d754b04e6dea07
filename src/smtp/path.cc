#include "smtp/path.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

bool valid_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](unsigned char byte) {
           return std::isalnum(byte) != 0 || byte == '-' || byte == '_';
         });
}

}  // namespace

std::string_view path_in(std::string_view arguments) {
  bool quoted = false;
  for (std::size_t place = 0; place < arguments.size(); ++place) {
    const char byte = arguments[place];
    if (byte == '"') quoted = !quoted;
    if (byte == '\\' && quoted) ++place;
    if (byte == '>' && !quoted) return arguments.substr(0, place + 1);
  }
  return arguments.substr(0, arguments.find_first_of(kBlanks));
}

std::string_view behind_colon(std::string_view arguments) {
  const std::size_t colon = arguments.find(':');
  if (colon != std::string_view::npos) arguments.remove_prefix(colon + 1);
  arguments.remove_prefix(std::min(arguments.find_first_not_of(kBlanks), arguments.size()));
  return arguments;
}

Mailbox split_mailbox(std::string_view text) {
  const std::size_t at = std::min(text.rfind('@'), text.size());
  return {.local_part = text.substr(0, at), .domain = text.substr(at)};
}

bool valid_domain(std::string_view text) {
  if (text.size() > 255) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!valid_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool valid_address_literal(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         std::all_of(text.begin() + 1, text.end() - 1, [](unsigned char byte) {
           return std::isalnum(byte) != 0 || byte == '.' || byte == ':' || byte == '-';
         });
}

}  // namespace millrace::smtp
