#include "base/find_pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace millrace {
namespace {

struct Wanted {
  [[gnu::always_inline]] std::uint8_t operator()(char byte, char next) const {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte == 'x') &
                                     static_cast<std::uint8_t>(next == 'y'));
  }
};

TEST(FindPair, FindsTheFirstWhereverItIs) {
  for (std::size_t size = 1; size <= 600; ++size) {
    std::string text(size, 'x');
    EXPECT_EQ(find_pair(text, Wanted()), size - 1);
    for (std::size_t at = size - 1; at > 0;) {
      at -= std::min<std::size_t>(at, 7);
      text[at + 1] = 'y';
      EXPECT_EQ(find_pair(text, Wanted()), at) << size;
    }
  }
}

}  // namespace
}  // namespace millrace
