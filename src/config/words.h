#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "config/toml_file.h"

namespace millrace::config {

// Words, and what each stands for.
template <typename Meaning, std::size_t kSize>
using Words = std::array<std::pair<std::string_view, Meaning>, kSize>;

// Nothing, when `text` is none of them.
template <typename Meaning, std::size_t kSize>
std::optional<Meaning> meaning(const Words<Meaning, kSize>& words, std::string_view text) {
  for (const auto& [word, meant] : words) {
    if (word == text) return meant;
  }
  return std::nullopt;
}

// What the word of an entry stands for; of none, which is a mistake, nothing is done.
template <typename Meaning, std::size_t kSize, typename Into>
void read_word(const Entry& entry, const Words<Meaning, kSize>& words, Into& into) {
  const auto value = entry.value();
  if (!value) return;
  if (const auto meant = meaning(words, value->text)) {
    into = *meant;
    return;
  }
  std::vector<std::string_view> known;
  for (const auto& [word, meant] : words) known.push_back(word);
  entry.reject(*value, fmt::format("one of {}", fmt::join(known, ", ")));
}

}  // namespace millrace::config
