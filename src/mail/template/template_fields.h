#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "mail/template/template.h"

namespace millrace::mail {

// So many of them a template may have, and so many of its mistakes are told.
inline constexpr std::size_t kMostTemplateFields = 10'000;
inline constexpr std::size_t kMostTemplateMistakes = 100;

// A "{{name}}" in the text of a template.
struct TemplateField {
  std::size_t begin;  // of its braces
  std::size_t end;
  std::optional<TemplateStep> step;  // what puts its value; nothing when it is a mistake
};

// What is wrong at a place of the text.
struct TemplateMistake {
  std::size_t place;
  std::string text;
};

// All of them, in their order. `text`: its lines end in CR LF, the last one too. `fields` may be
// null.
std::vector<TemplateField> find_template_fields(std::string_view text, const Csv* fields,
                                                std::vector<TemplateMistake>& mistakes);

}  // namespace millrace::mail
