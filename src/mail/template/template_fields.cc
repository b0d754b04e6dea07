#include "mail/template/template_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/printable.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

using Does = TemplateStep::Does;

struct Known {
  std::string_view name;
  Does does;
};

// What there is besides columns.
constexpr std::array<Known, 7> kKnown = {{{"n", Does::number},
                                          {"date", Does::date},
                                          {"message_id", Does::message_id},
                                          {"recipient", Does::recipient},
                                          {"sender", Does::sender},
                                          {"random.word", Does::random_word},
                                          {"random.number", Does::random_number}}};

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::string known_names(const Csv* fields) {
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  if (fields != nullptr)
    names.insert(names.end(), fields->columns().begin(), fields->columns().end());
  constexpr std::size_t kMost = 400;
  return beginning(fmt::format("{}", fmt::join(names, ", ")), kMost);
}

// What puts the value of that name; else says why there is none.
std::optional<TemplateStep> step_of(std::string_view name, const Csv* fields, std::string& wrong) {
  const auto known = std::ranges::find(kKnown, name, &Known::name);
  const auto column = fields == nullptr ? std::nullopt : fields->column(name);
  if (known != kKnown.end() && column) {
    wrong = fmt::format("'{}' has two meanings: {} has a column that is called so", name,
                        fields->name());
    return std::nullopt;
  }
  if (column) return TemplateStep{.does = Does::column, .begin = *column};
  if (known != kKnown.end()) return TemplateStep{.does = known->does};
  wrong =
      fmt::format("unknown field '{}' (expected one of {})", beginning(name), known_names(fields));
  return std::nullopt;
}

}  // namespace

std::vector<TemplateField> find_template_fields(std::string_view text, const Csv* fields,
                                                std::vector<TemplateMistake>& mistakes) {
  std::vector<TemplateField> found;
  std::size_t line = 0;   // where the next one ends
  std::size_t close = 0;  // the next one
  for (std::size_t begin = text.find(kOpen); begin != std::string_view::npos;) {
    const std::size_t inside = begin + kOpen.size();
    if (line < inside) line = text.find('\n', inside);
    if (close < inside) close = text.find(kClose, inside);
    if (mistakes.size() == kMostTemplateMistakes) return found;
    if (found.size() == kMostTemplateFields) {
      mistakes.push_back({begin, fmt::format("more than {} fields", kMostTemplateFields)});
      return found;
    }
    if (close == std::string_view::npos || close > line) {
      mistakes.push_back({begin, "'{{' without '}}' on its line"});
      begin = text.find(kOpen, line);
      continue;
    }
    const std::size_t end = close + kClose.size();
    std::string wrong;
    const auto step =
        step_of(smtp::without_blanks(text.substr(inside, close - inside)), fields, wrong);
    if (!step) mistakes.push_back({begin, wrong});
    found.push_back({.begin = begin, .end = end, .step = step});
    begin = text.find(kOpen, end);
  }
  return found;
}

}  // namespace millrace::mail
