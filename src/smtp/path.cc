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

// RFC 5322, 3.2.3.
bool atom_text(unsigned char byte) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
  return std::isalnum(byte) != 0 || kMarks.find(static_cast<char>(byte)) != std::string_view::npos;
}

// Atoms with a dot between each two.
bool dot_string(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view atom = text.substr(0, dot);
    if (atom.empty() || !std::all_of(atom.begin(), atom.end(), atom_text)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool quoted_string(std::string_view text) {
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (text[place] == '"') return false;
    if (text[place] == '\\' && ++place == text.size()) return false;
    if (text[place] < ' ' || text[place] > '~') return false;
  }
  return true;
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

std::string_view address_in(std::string_view arguments) {
  std::string_view path = behind_colon(path_in(arguments));
  if (path.starts_with('<') && path.ends_with('>')) path = path.substr(1, path.size() - 2);
  if (path.starts_with('@')) path.remove_prefix(path.find(':') + 1);  // without one: all of it
  return path;
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

bool valid_local_part(std::string_view text) { return dot_string(text) || quoted_string(text); }

bool valid_mailbox(std::string_view text) {
  const auto [local_part, domain] = split_mailbox(text);
  if (domain.empty() || !valid_local_part(local_part)) return false;
  return valid_domain(domain.substr(1)) || valid_address_literal(domain.substr(1));
}

}  // namespace millrace::smtp
