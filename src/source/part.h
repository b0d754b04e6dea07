#pragma once

#include <cstdint>

namespace millrace::source {

// A part of what is numbered from 0: every `of`th, from number `number` on. What a process has of a
// run is one, and what a thread has of that is one again; so nobody has to be told what others do.
struct Part {
  unsigned number = 0;  // below `of`
  unsigned of = 1;

  // How many of `all` are its own.
  [[nodiscard]] constexpr std::uint64_t share(std::uint64_t all) const {
    return all / of + (number < all % of ? 1 : 0);
  }
  // The first that is, from `least` on.
  [[nodiscard]] constexpr std::uint64_t first_from(std::uint64_t least) const {
    return least + (number + of - least % of) % of;
  }
  // Part `which` of `parts` of this one.
  [[nodiscard]] constexpr Part part(unsigned which, unsigned parts) const {
    return {.number = number + which * of, .of = of * parts};
  }
};

}  // namespace millrace::source
