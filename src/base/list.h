#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

// The items of a list as options have it: between commas, without the white space around them.
// Nothing when one is empty, as in "a,,b", "a," and "": that is a slip, and no list.
std::optional<std::vector<std::string_view>> split_list(std::string_view list);

}  // namespace millrace
