#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/roll.h"
#include "mail/addresses/addresses.h"

namespace millrace::mail {

// The recipients of one message, no two of them the same where the pool allows: one that is there
// already is drawn again. They are drawn in their order, as far as they are asked for, so that each
// is the same whichever was asked for first. Storage is kept for the next message, but for what one
// of many recipients made of it.
class DistinctRecipients {
 public:
  // Of a message of `count` recipients. `seed`: what is drawn for them follows from it. `pool` must
  // last as long as they are asked for.
  void begin(const Recipients& pool, std::uint64_t seed, std::size_t count);

  // One of them, below `count`; valid until the next call.
  [[nodiscard]] std::string_view operator[](std::size_t recipient);

 private:
  [[nodiscard]] std::string_view drawn(std::size_t recipient) const;
  void draw_next();
  [[nodiscard]] bool insert(std::string_view address);

  const Recipients* pool_ = nullptr;
  std::uint64_t seed_ = 0;
  std::uint64_t pool_size_ = 0;
  std::size_t different_ = 0;     // of those drawn
  std::size_t redraws_left_ = 0;  // for all of the message
  std::string text_;              // those drawn, one behind the other
  std::vector<std::uint32_t> ends_;
  std::vector<std::uint32_t> slots_;  // a hash table: the number of one, from 1; 0: free
};

}  // namespace millrace::mail
