#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/roll.h"

namespace millrace::mail {

// What was worked out of texts that many messages share, so that it is done once. A text is known
// by where it is (Content::share()), not by what it says. Safe on all threads, without a lock: what
// is here stays. It has room for as many texts as it has slots, and a text has but a few that it
// may be in: what finds none is worked out again.
template <typename Value>
class SharedTextMemo {
 public:
  explicit SharedTextMemo(std::size_t slots) : slots_(slots) {}
  ~SharedTextMemo() {
    for (const auto& slot : slots_) delete slot.load(std::memory_order_relaxed);
  }
  SharedTextMemo(const SharedTextMemo&) = delete;
  SharedTextMemo& operator=(const SharedTextMemo&) = delete;

  // Null: nothing is known of it.
  [[nodiscard]] const Value* find(std::string_view text) const {
    for (std::size_t probe = 0; probe < kProbes; ++probe) {
      const Entry* const entry = slots_[place_of(text, probe)].load(std::memory_order_acquire);
      if (entry == nullptr) return nullptr;
      if (same(entry->text, text)) return &entry->value;
    }
    return nullptr;
  }

  void keep(std::string_view text, const Value& value) {
    std::unique_ptr<const Entry> entry;
    for (std::size_t probe = 0; probe < kProbes; ++probe) {
      std::atomic<const Entry*>& slot = slots_[place_of(text, probe)];
      const Entry* there = slot.load(std::memory_order_acquire);
      if (there == nullptr) {
        if (!entry) entry = std::make_unique<const Entry>(Entry{text, value});
        if (slot.compare_exchange_strong(there, entry.get(), std::memory_order_acq_rel)) {
          static_cast<void>(entry.release());
          return;
        }
      }
      if (same(there->text, text)) return;  // another thread was faster
    }
  }

 private:
  struct Entry {
    std::string_view text;
    Value value;
  };

  static constexpr std::size_t kProbes = 8;

  static bool same(std::string_view one, std::string_view other) {
    return one.data() == other.data() && one.size() == other.size();
  }

  [[nodiscard]] std::size_t place_of(std::string_view text, std::size_t probe) const {
    // Addresses of texts have much in common; a product's upper half has little of that.
    const std::uint64_t product = reinterpret_cast<std::uintptr_t>(text.data()) * Roll::kStride;
    return ((product >> 32) + probe) % slots_.size();
  }

  std::vector<std::atomic<const Entry*>> slots_;
};

}  // namespace millrace::mail
