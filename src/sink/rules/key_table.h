#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace millrace::sink::rules {

// A table of values by keys that are spread evenly already, as hashes are. It knows in which order
// its keys were touched; of more than `most` the one that was touched longest ago goes. Entries
// stand in one array and are linked by their places; another array says where a key is (open
// addressing, at most half full). Grows by doubling, never shrinks. Not safe on several threads.
template <typename Value>
class KeyTable {
 public:
  // At most 2^31.
  explicit KeyTable(std::size_t most) : most_(most) {}

  // The value of `key`, now the last one touched; a default one where there was none, and then
  // `added`. Valid until the next call.
  struct Touched {
    Value& value;
    bool added;
  };
  Touched touch(std::uint64_t key) {
    if (const Place place = find(key); place != kNowhere) {
      if (place != newest_) {
        unlink(place);
        link(place);
      }
      return {entries_[place].value, false};
    }
    const Place place = free_entry();
    entries_[place].key = key;
    entries_[place].value = Value{};
    link(place);
    ++size_;
    if (slots_.size() < 2 * size_) {
      grow();
    } else {
      enter(place);
    }
    return {entries_[place].value, true};
  }

  // The value of `key`, or null; nothing is touched.
  [[nodiscard]] const Value* look(std::uint64_t key) const {
    const Place place = find(key);
    return place == kNowhere ? nullptr : &entries_[place].value;
  }

  void erase(std::uint64_t key) {
    if (const Place place = find(key); place != kNowhere) remove(place);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  // How many keys had to go.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  using Place = std::uint32_t;
  static constexpr Place kNowhere = std::numeric_limits<Place>::max();
  static constexpr std::size_t kFewestSlots = 8;

  struct Entry {
    std::uint64_t key = 0;
    Value value{};
    Place newer = kNowhere;
    Place older = kNowhere;  // of one that is free: the next free one
  };

  [[nodiscard]] std::size_t home(std::uint64_t key) const { return key & (slots_.size() - 1); }
  [[nodiscard]] std::size_t behind(std::size_t slot) const {
    return (slot + 1) & (slots_.size() - 1);
  }

  // The slot that has the key, or the free one where it would stand.
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    std::size_t slot = home(key);
    while (slots_[slot] != kNowhere && entries_[slots_[slot]].key != key) slot = behind(slot);
    return slot;
  }

  [[nodiscard]] Place find(std::uint64_t key) const {
    return slots_.empty() ? kNowhere : slots_[slot_of(key)];
  }

  void enter(Place place) { slots_[slot_of(entries_[place].key)] = place; }

  void grow() {
    slots_.assign(slots_.empty() ? kFewestSlots : 2 * slots_.size(), kNowhere);
    for (Place place = newest_; place != kNowhere; place = entries_[place].older) enter(place);
  }

  Place free_entry() {
    if (size_ == most_) {
      remove(oldest_);
      ++forgotten_;
    }
    if (free_ == kNowhere) {
      entries_.emplace_back();
      return static_cast<Place>(entries_.size() - 1);
    }
    const Place place = free_;
    free_ = entries_[place].older;
    return place;
  }

  void remove(Place place) {
    vacate(slot_of(entries_[place].key));
    unlink(place);
    entries_[place].older = free_;
    free_ = place;
    --size_;
  }

  // Frees a slot. What stands behind it moves up where it could not be found else.
  void vacate(std::size_t slot) {
    for (std::size_t next = behind(slot); slots_[next] != kNowhere; next = behind(next)) {
      const std::size_t wanted = home(entries_[slots_[next]].key);
      const std::size_t mask = slots_.size() - 1;
      if (((next - wanted) & mask) < ((next - slot) & mask)) continue;
      slots_[slot] = slots_[next];
      slot = next;
    }
    slots_[slot] = kNowhere;
  }

  void link(Place place) {
    Entry& entry = entries_[place];
    entry.newer = kNowhere;
    entry.older = newest_;
    (newest_ == kNowhere ? oldest_ : entries_[newest_].newer) = place;
    newest_ = place;
  }

  void unlink(Place place) {
    const Entry& entry = entries_[place];
    (entry.newer == kNowhere ? newest_ : entries_[entry.newer].older) = entry.older;
    (entry.older == kNowhere ? oldest_ : entries_[entry.older].newer) = entry.newer;
  }

  std::size_t most_;
  std::size_t size_ = 0;
  std::uint64_t forgotten_ = 0;
  std::vector<Entry> entries_;
  std::vector<Place> slots_;  // a power of two of them, or none
  Place newest_ = kNowhere;
  Place oldest_ = kNowhere;
  Place free_ = kNowhere;
};

}  // namespace millrace::sink::rules
