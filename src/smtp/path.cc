#include "smtp/path.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "base/utf8.h"
#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

// What UTF-8 has beyond ASCII may stand wherever a letter may (RFC 6531, 3.3); that it is UTF-8 is
// looked at by itself.
bool letter(unsigned char byte, Charset charset) {
  return std::isalnum(byte) != 0 || (charset == Charset::utf8 && byte >= 0x80);
}

bool begins_character(unsigned char byte) { return (byte & 0xc0U) != 0x80; }

// In ASCII a label is as long in characters as here, or longer.
bool valid_label(std::string_view label, Charset charset) {
  return !label.empty() && std::ranges::count_if(label, begins_character) <= 63 &&
         label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [charset](unsigned char byte) {
           return letter(byte, charset) || byte == '-' || byte == '_';
         });
}

// RFC 5322, 3.2.3.
bool atom_text(unsigned char byte, Charset charset) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
  return letter(byte, charset) || kMarks.find(static_cast<char>(byte)) != std::string_view::npos;
}

// Atoms with a dot between each two.
bool dot_string(std::string_view text, Charset charset) {
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view atom = text.substr(0, dot);
    const auto in_atom = [charset](unsigned char byte) { return atom_text(byte, charset); };
    if (atom.empty() || !std::ranges::all_of(atom, in_atom)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// There may be nothing in it (RFC 5321, 4.1.2: *QcontentSMTP).
bool quoted_string(std::string_view text, Charset charset) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (text[place] == '"') return false;
    if (text[place] == '\\' && ++place == text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[place]);
    if ((byte < ' ' || byte > '~') && (byte < 0x80 || charset == Charset::ascii)) return false;
  }
  return true;
}

bool well_encoded(std::string_view text, Charset charset) {
  return charset == Charset::ascii || is_utf8(text);
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

bool valid_domain(std::string_view text, Charset charset) {
  if (text.size() > 255 || !well_encoded(text, charset)) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!valid_label(text.substr(0, dot), charset)) return false;
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

bool valid_local_part(std::string_view text, Charset charset) {
  return well_encoded(text, charset) && (dot_string(text, charset) || quoted_string(text, charset));
}

bool valid_mailbox(std::string_view text, Charset charset) {
  const auto [local_part, domain] = split_mailbox(text);
  if (domain.empty() || !valid_local_part(local_part, charset)) return false;
  return valid_domain(domain.substr(1), charset) || valid_address_literal(domain.substr(1));
}

}  // namespace millrace::smtp
