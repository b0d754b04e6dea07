#include "proof/mime_entity.h"

#include "base/ascii.h"

namespace millrace::proof {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Takes the text up to the next semicolon that is not quoted off `rest`, with that.
std::string_view take_parameter(std::string_view& rest) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != ';'); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (quoted && rest[end] == '\\') ++end;
  }
  const std::string_view parameter = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return parameter;
}

// The value of a parameter; empty where it is too long to be a boundary.
Boundary boundary_of(std::string_view value) {
  std::array<char, Boundary::kLongest> text;
  std::size_t size = 0;
  const bool quoted = value.starts_with('"');
  if (quoted) value.remove_prefix(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (quoted ? value[i] == '"' : value[i] == ' ') break;
    if (quoted && value[i] == '\\' && ++i == value.size()) break;
    if (size == text.size()) return {};
    text.at(size++) = value[i];
  }
  // Nothing ends in a blank that is looked for in lines without trailing blanks.
  while (size > 0 && text.at(size - 1) == ' ') --size;
  Boundary boundary;
  boundary.set({text.data(), size});
  return boundary;
}

void note_type(std::string_view value, MimeEntity& entity) {
  constexpr std::string_view kMultipart = "multipart/";
  const std::string_view type = trimmed(take_parameter(value));
  entity.kind = MimeEntity::Kind::text;
  if (same_in_any_case(type, "message/rfc822") || same_in_any_case(type, "message/global")) {
    entity.kind = MimeEntity::Kind::message;
  }
  if (!same_in_any_case(type.substr(0, kMultipart.size()), kMultipart)) return;
  while (!value.empty()) {
    const std::string_view parameter = take_parameter(value);
    const std::size_t equals = parameter.find('=');
    if (equals == parameter.npos) continue;
    if (!same_in_any_case(trimmed(parameter.substr(0, equals)), "boundary")) continue;
    entity.boundary = boundary_of(trimmed(parameter.substr(equals + 1)));
    if (!entity.boundary.text().empty()) entity.kind = MimeEntity::Kind::multipart;
    return;
  }
}

void note_encoding(std::string_view value, MimeEntity& entity) {
  value = trimmed(value);
  entity.encoding = same_in_any_case(value, "base64")             ? Encoding::base64
                    : same_in_any_case(value, "quoted-printable") ? Encoding::quoted_printable
                                                                  : Encoding::none;
}

struct NotedField {
  std::string_view name;
  void (*note)(std::string_view value, MimeEntity& entity);
};
constexpr std::array<NotedField, 2> kNoted = {{
    {"content-type:", note_type},
    {"content-transfer-encoding:", note_encoding},
}};

}  // namespace

bool same_in_any_case(std::string_view text, std::string_view low) {
  return std::equal(text.begin(), text.end(), low.begin(), low.end(),
                    [](char one, char other) { return lower(one) == other; });
}

void note_field(std::string_view field, MimeEntity& entity) {
  for (const NotedField& noted : kNoted) {
    if (field.starts_with(noted.name)) noted.note(field.substr(noted.name.size()), entity);
  }
}

}  // namespace millrace::proof
