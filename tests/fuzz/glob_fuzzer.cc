// A pattern and a text, a NUL between them: globs match as their model does; all of them end.
#include <string>
#include <string_view>

#include "glob_model.h"
#include "pieces.h"
#include "sink/rules/pattern.h"

using namespace millrace;
using namespace millrace::sink::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kShort = 12;  // what the model can be asked
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\0'));
  const std::string_view subject = input.substr(std::min(text.size() + 1, input.size()));
  std::string why;
  const auto pattern = Pattern::parse(text, why);
  fuzz::require(pattern.has_value() == why.empty());
  if (!pattern) return 0;
  Groups groups;
  const bool matched = pattern->matches(subject, &groups);
  fuzz::require(matched == pattern->matches(subject));
  const bool regex = text.starts_with('/');
  if (matched) fuzz::require(groups.size() == (regex ? pattern->groups() + 1 : 0));
  if (!regex && text.size() <= kShort && subject.size() <= kShort) {
    fuzz::require(matched == tests::glob_model::matches(text, subject));
  }
  return 0;
}
