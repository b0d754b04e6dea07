#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// The rules of one moment in their order, those about certain domains only ("*@big.test") by their
// domains: of a hundred such rules one is asked.
class ByDomain {
 public:
  using Places = std::vector<std::uint32_t>;  // of rules in their set

  // Rules are added in their order.
  void add(std::uint32_t place, const Match& match);

  [[nodiscard]] bool empty() const { return all_.empty(); }

  // Asks for the rules in their order, until one is it: those that might match where the
  // recipient is in `domain`. Without a domain: all.
  template <typename Ask>
  bool any(std::optional<std::string_view> domain, const Ask& ask) const {
    const Places* const of_domain = domain ? places_of(*domain) : nullptr;
    if (of_domain == nullptr) return any_of(domain ? of_any_ : all_, ask);
    auto other = of_any_.begin();
    for (const std::uint32_t place : *of_domain) {
      for (; other != of_any_.end() && *other < place; ++other) {
        if (ask(*other)) return true;
      }
      if (ask(place)) return true;
    }
    for (; other != of_any_.end(); ++other) {
      if (ask(*other)) return true;
    }
    return false;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  template <typename Ask>
  static bool any_of(const Places& places, const Ask& ask) {
    for (const std::uint32_t place : places) {
      if (ask(place)) return true;
    }
    return false;
  }

  // Null when no rule is about this domain.
  [[nodiscard]] const Places* places_of(std::string_view domain) const;

  Places all_;
  Places of_any_;                                                      // about no certain domains
  std::unordered_map<std::string, Places, Hash, std::equal_to<>> of_;  // in small letters
};

}  // namespace millrace::sink::rules
