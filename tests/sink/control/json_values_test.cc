#include "sink/control/json_values.h"

#include <gtest/gtest.h>

namespace millrace::sink {
namespace {

TEST(WallTime, IsReadAsItIsWritten) {
  const WallTime now = wall_now();
  EXPECT_EQ(parse_wall(wall_text(now)), now);
  EXPECT_EQ(wall_text(WallTime(std::chrono::microseconds(1'500'000))),
            "1970-01-01T00:00:01.500000Z");
  EXPECT_EQ(wall_text(*parse_wall("2024-02-29T23:59:59Z")), "2024-02-29T23:59:59.000000Z");
  EXPECT_EQ(wall_text(*parse_wall("2024-02-29T23:59:59.5z")), "2024-02-29T23:59:59.500000Z");
}

TEST(WallTime, IsNoOtherText) {
  for (const char* const text :
       {"", "Z", "2024-02-30T00:00:00Z", "2024-2-3T00:00:00Z", "2024-02-03 00:00:00Z",
        "2024-02-03T24:00:00Z", "2024-02-03T00:60:00Z", "2024-02-03T00:00:61Z",
        "2024-02-03T00:00:00", "2024-02-03T00:00:00+01:00", "2024-02-03T00:00:00.Z",
        "2024-02-03T00:00:00.xZ", "2024-02-03T00:00Z", "x024-02-03T00:00:00Z"}) {
    EXPECT_FALSE(parse_wall(text).has_value()) << text;
  }
}

TEST(TextJson, IsAlwaysUtf8) {
  EXPECT_EQ(text_json("a\"\x01").dump(), R"("a\"\u0001")");
  EXPECT_EQ(text_json("\xe4").dump(), R"({"base64":"5A=="})");
}

}  // namespace
}  // namespace millrace::sink
