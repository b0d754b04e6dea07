// Values in JSON that anybody may have written: each is checked, and Fatal says what is wrong.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

namespace millrace::report {

using Json = nlohmann::ordered_json;

// The beginning of a value that is not what it should be.
std::string shown(const Json& json);

// A count: more than any run makes, and little enough for a thousand to be added, is none.
std::uint64_t to_count(const Json& json);

// A whole number up to `most`, a number from 0 to `most`.
std::uint64_t to_whole(const Json& json, std::uint64_t most);
double to_real(const Json& json, double most);

// Which of the words it is.
std::size_t to_index(const Json& json, std::span<const std::string_view> words);

void check_list(const Json& json);

// The number to three digits behind the point.
double thousandths(double number);

}  // namespace millrace::report
