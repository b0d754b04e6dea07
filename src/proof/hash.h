#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

struct XXH3_state_s;

namespace millrace::proof {

// 128 bits of XXH3, which tells what happened by accident; that nobody made it up is what a stamp's
// tag is for.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const Hash128&) const = default;
};

Hash128 hash_of(std::string_view text);

// The same of text that comes in pieces. Allocates when it is made, and never after that.
class Hasher {
 public:
  Hasher();

  void reset();
  void update(std::string_view piece);
  // Goes on from where another one is.
  void become(const Hasher& other);
  // Of all so far; more may follow.
  [[nodiscard]] Hash128 digest() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace millrace::proof
