#include "base/list.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Items = std::vector<std::string_view>;

TEST(List, HasItemsBetweenCommas) {
  EXPECT_EQ(split_list("a"), Items{"a"});
  EXPECT_EQ(split_list("a,b,a"), (Items{"a", "b", "a"}));
  EXPECT_EQ(split_list(" a ,\tb c\r\n,d"), (Items{"a", "b c", "d"}));
}

TEST(List, HasNoEmptyItem) {
  for (const char* const list : {"", " ", ",", "a,", ",a", "a,,b", "a, ,b", "a,b,\t"}) {
    EXPECT_FALSE(split_list(list)) << list;
  }
}

}  // namespace
}  // namespace millrace
