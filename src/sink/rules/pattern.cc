#include "sink/rules/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::sink::rules {
namespace {

// What RE2 may take for a program and its automaton; a pattern that needs more is refused, and an
// automaton that does begins anew.
constexpr std::int64_t kMemory = 1 << 20;

}  // namespace

std::optional<Pattern> Pattern::parse(std::string_view text, std::string& why) {
  if (!text.starts_with('/')) {
    auto glob = Glob::parse(text, why);
    if (!glob) return std::nullopt;
    return Pattern(std::move(*glob));
  }
  if (text.size() < 3 || !text.ends_with('/')) {
    why = "a /regex/ ends with a slash, and a glob that begins with one has \\/";
    return std::nullopt;
  }
  if (text.size() > kLongestPattern) {
    why = "it is longer than 1 KiB";
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  re2::RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  auto regex =
      std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok()) {
    why = regex->error();
    return std::nullopt;
  }
  return Pattern(Regex(std::move(regex)));
}

bool Pattern::matches(std::string_view text, Groups* groups) const {
  if (const auto* glob = std::get_if<Glob>(&form_)) {
    if (!glob->matches(text)) return false;
    if (groups != nullptr) groups->clear();
    return true;
  }
  const re2::RE2& regex = *std::get<Regex>(form_);
  std::array<re2::StringPiece, kMostGroups + 1> found;
  const std::size_t asked = groups == nullptr ? 0 : this->groups() + 1;
  if (!regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                   static_cast<int>(asked))) {
    return false;
  }
  if (groups != nullptr) {
    groups->clear();
    for (std::size_t group = 0; group < asked; ++group) {
      groups->emplace_back(found[group].data(), found[group].size());
    }
  }
  return true;
}

std::size_t Pattern::groups() const {
  const auto* regex = std::get_if<Regex>(&form_);
  if (regex == nullptr) return 0;
  return std::min(kMostGroups, static_cast<std::size_t>((*regex)->NumberOfCapturingGroups()));
}

void Patterns::add(Pattern pattern, bool negated) {
  (negated ? none_ : any_).push_back(std::move(pattern));
}

bool Patterns::matches(std::string_view text, Groups* groups) const {
  const auto refuses = [&](const Pattern& pattern) { return pattern.matches(text); };
  if (std::any_of(none_.begin(), none_.end(), refuses)) return false;
  if (groups != nullptr && any_.empty()) groups->clear();
  const auto takes = [&](const Pattern& pattern) { return pattern.matches(text, groups); };
  return any_.empty() || std::any_of(any_.begin(), any_.end(), takes);
}

std::size_t Patterns::groups() const {
  if (any_.empty()) return 0;
  const auto fewest = std::min_element(any_.begin(), any_.end(), [](const auto& a, const auto& b) {
    return a.groups() < b.groups();
  });
  return fewest->groups();
}

}  // namespace millrace::sink::rules
