#include "sink/rules/dice.h"

#include <xxhash.h>

namespace millrace::sink::rules {

Dice::Dice(std::uint64_t seed, std::string_view rule)
    : key_(XXH3_64bits_withSeed(rule.data(), rule.size(), seed)) {}

}  // namespace millrace::sink::rules
