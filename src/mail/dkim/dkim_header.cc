#include "mail/dkim/dkim_header.h"

#include <algorithm>

#include "base/ascii.h"

namespace millrace::mail {
namespace {

// The first line and those that continue it, which begin with a blank.
std::string_view first_field(std::string_view header) {
  for (std::size_t end = header.find("\r\n"); end != std::string_view::npos;
       end = header.find("\r\n", end)) {
    end += 2;
    if (end == header.size() || !is_blank(header[end])) return header.substr(0, end);
  }
  return header;
}

}  // namespace

bool valid_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char byte) {
    return byte > ' ' && byte < '\x7f' && byte != ':';
  });
}

bool same_field_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

void append_fields(std::string_view header, std::vector<HeaderField>& fields) {
  while (!header.empty()) {
    const std::string_view text = first_field(header);
    header.remove_prefix(text.size());
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = text.substr(0, colon);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    if (valid_field_name(name)) fields.push_back({.name = name, .text = text});
  }
}

void append_relaxed(const HeaderField& field, std::string& out) {
  for (const char byte : field.name) out += lower(byte);
  out += ':';
  const std::size_t value = out.size();
  bool blank = false;
  std::string_view rest = field.text.substr(field.text.find(':') + 1);
  while (!rest.empty()) {
    const bool line_end = rest.starts_with("\r\n");
    const char byte = rest.front();
    rest.remove_prefix(line_end ? 2 : 1);
    if (line_end) continue;
    if (is_blank(byte)) {
      blank = true;
      continue;
    }
    if (blank && out.size() > value) out += ' ';
    blank = false;
    out += byte;
  }
  out += "\r\n";
}

}  // namespace millrace::mail
