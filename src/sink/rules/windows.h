#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <mutex>
#include <string_view>

#include "base/cache_line.h"
#include "base/time.h"
#include "sink/rules/key_table.h"

namespace millrace::sink::rules {

// A text that goes into a key.
struct KeyPart {
  std::string_view text;
  bool any_case = false;  // letters of ASCII count as small ones
};

// What all workers of a sink count together: three tables of keys. Safe on all threads: keys are
// spread over shards, each with a lock that is held for one look. Bounded: of more keys than that
// the one that was touched longest ago goes. Of a million keys, one takes 48 bytes in a window and
// 32 that it is known for (resident, measured). A look takes 30 ns where the key is in the cache.
// Moments need not come in order: threads read their clocks before.
class Windows {
 public:
  static constexpr std::size_t kMostKeys = 1'000'000;  // of each table

  // `secret`: keys of others are spread by it, so that nobody can choose them alike. `most_keys`:
  // shared evenly by kShards, but each has at least one.
  static constexpr std::size_t kShards = 64;
  explicit Windows(std::uint64_t secret, std::size_t most_keys = kMostKeys);

  // One more command of `key`: whether it is above `count` in `window` (rule.h, Over), and the how
  // many-th in its window it is.
  struct Taken {
    bool over = false;
    std::uint64_t number = 0;
  };
  Taken take(std::uint64_t key, std::uint64_t count, Duration window, TimePoint now);

  // Whether `key` was first seen at least `age` ago; the first time it is put down.
  bool known_for(std::uint64_t key, Duration age, TimePoint now);

  // Sessions that are open. Never forgotten: as many as there are sessions.
  void session_opened(std::uint64_t key);
  void session_ended(std::uint64_t key);
  [[nodiscard]] std::uint64_t sessions(std::uint64_t key) const;

  // A key of several texts, of which none can be mistaken for another.
  [[nodiscard]] std::uint64_t key(std::initializer_list<KeyPart> parts) const;

  // How many keys had to go.
  [[nodiscard]] std::uint64_t forgotten() const;

 private:
  struct Window {
    TimePoint start;
    std::uint64_t number = 0;
  };

  template <typename Value>
  struct alignas(kCacheLine) Shard {
    explicit Shard(std::size_t most) : table(most) {}
    mutable std::mutex lock;
    KeyTable<Value> table;
  };

  // By the upper bits of a key: the table goes by the lower ones.
  template <typename Value>
  class Shards {
   public:
    explicit Shards(std::size_t most_of_each);
    Shard<Value>& of(std::uint64_t key) { return shards_[key / kKeysOfShard]; }
    const Shard<Value>& of(std::uint64_t key) const { return shards_[key / kKeysOfShard]; }
    [[nodiscard]] std::uint64_t forgotten() const;

   private:
    static constexpr std::uint64_t kKeysOfShard =
        std::numeric_limits<std::uint64_t>::max() / kShards + 1;
    std::array<Shard<Value>, kShards> shards_;
  };

  std::uint64_t secret_;
  Shards<Window> windows_;
  Shards<TimePoint> first_seen_;
  Shards<std::uint64_t> sessions_;
};

}  // namespace millrace::sink::rules
