#include "sink/rules/windows.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace millrace::sink::rules {
namespace {

// Sessions have descriptors, of which there are not so many.
constexpr std::size_t kMostSessions = std::size_t{1} << 31;

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

// The same of its small letters, a piece at a time.
std::uint64_t hash_in_any_case(std::string_view text, std::uint64_t seed) {
  std::array<char, 256> piece;
  do {
    const std::string_view part = text.substr(0, piece.size());
    std::transform(part.begin(), part.end(), piece.begin(), lower);
    seed = hash({piece.data(), part.size()}, seed);
    text.remove_prefix(part.size());
  } while (!text.empty());
  return seed;
}

// An array of shards, which can be made in their place only.
template <typename Shard, std::size_t... kPlaces>
std::array<Shard, sizeof...(kPlaces)> make(std::size_t most, std::index_sequence<kPlaces...>) {
  return {((void)kPlaces, Shard(most))...};
}

}  // namespace

template <typename Value>
Windows::Shards<Value>::Shards(std::size_t most_of_each)
    : shards_(make<Shard<Value>>(most_of_each, std::make_index_sequence<kShards>())) {}

template <typename Value>
std::uint64_t Windows::Shards<Value>::forgotten() const {
  std::uint64_t sum = 0;
  for (const Shard<Value>& shard : shards_) {
    const std::lock_guard lock(shard.lock);
    sum += shard.table.forgotten();
  }
  return sum;
}

Windows::Windows(std::uint64_t secret, std::size_t most_keys)
    : secret_(secret),
      windows_(std::max<std::size_t>(most_keys / kShards, 1)),
      first_seen_(std::max<std::size_t>(most_keys / kShards, 1)),
      sessions_(kMostSessions) {}

Windows::Taken Windows::take(std::uint64_t key, std::uint64_t count, Duration window,
                             TimePoint now) {
  auto& shard = windows_.of(key);
  const std::lock_guard lock(shard.lock);
  const auto [of_key, added] = shard.table.touch(key);
  // A moment before the window began is another thread's that was late.
  if (added || now - of_key.start >= window) of_key = {.start = now, .number = 0};
  ++of_key.number;
  return {.over = of_key.number > count, .number = of_key.number};
}

bool Windows::known_for(std::uint64_t key, Duration age, TimePoint now) {
  auto& shard = first_seen_.of(key);
  const std::lock_guard lock(shard.lock);
  const auto [first_seen, added] = shard.table.touch(key);
  if (added) first_seen = now;
  return now - first_seen >= age;
}

void Windows::session_opened(std::uint64_t key) {
  auto& shard = sessions_.of(key);
  const std::lock_guard lock(shard.lock);
  ++shard.table.touch(key).value;
}

void Windows::session_ended(std::uint64_t key) {
  auto& shard = sessions_.of(key);
  const std::lock_guard lock(shard.lock);
  std::uint64_t& open = shard.table.touch(key).value;
  if (open > 1) {
    --open;
  } else {
    shard.table.erase(key);
  }
}

std::uint64_t Windows::sessions(std::uint64_t key) const {
  const auto& shard = sessions_.of(key);
  const std::lock_guard lock(shard.lock);
  const std::uint64_t* const open = shard.table.look(key);
  return open == nullptr ? 0 : *open;
}

// Each part is hashed with what came of those before it for a seed: "ab", "c" is not "a", "bc".
std::uint64_t Windows::key(std::initializer_list<KeyPart> parts) const {
  std::uint64_t key = secret_;
  for (const KeyPart& part : parts) {
    key = part.any_case ? hash_in_any_case(part.text, key) : hash(part.text, key);
  }
  return key;
}

std::uint64_t Windows::forgotten() const { return windows_.forgotten() + first_seen_.forgotten(); }

}  // namespace millrace::sink::rules
