#include "base/storage.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

TEST(Storage, ABufferKeepsWhatIsLittleAndGivesBackWhatIsMuch) {
  std::string little(kQuietBuffer / 2, 'l');
  const std::size_t kept = little.capacity();
  recycle(little);
  EXPECT_EQ(little, "");
  EXPECT_EQ(little.capacity(), kept);
  std::string much(1'000'000, 'm');
  recycle(much);
  EXPECT_EQ(much, "");
  EXPECT_LE(much.capacity(), kQuietBuffer);
}

}  // namespace
}  // namespace millrace
