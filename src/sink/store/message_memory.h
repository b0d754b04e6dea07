#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/dkim/sha256.h"
#include "sink/store/kept_message.h"

namespace millrace::sink {

// A message that is kept in memory: as KeptMessage has it.
struct RememberedMessage {
  std::string id;
  KeptMessage::Time time;
  std::string_view listener;
  KeptClient client;
  std::string sender;
  std::string mail_parameters;
  std::vector<std::string> recipients;
  mail::Sha256::Hash hash{};
  std::uint64_t size = 0;              // bytes of the content
  std::optional<std::string> content;  // nothing: it is too large to be kept
  std::uint64_t number = 0;            // the how many-th that came, by its MessageMemory
};

using Remembered = std::shared_ptr<const RememberedMessage>;

// The messages that a sink took last (--store memory:N). Safe on all threads.
class MessageMemory {
 public:
  // The content of one message; of all of them, envelopes too: of more the oldest messages go.
  static constexpr std::uint64_t kLargestContent = std::uint64_t{32} << 20;
  static constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

  // `most`: messages. `most_bytes`: of their contents and envelopes, one of which may be above
  // that.
  explicit MessageMemory(std::size_t most, std::uint64_t most_bytes = kMostBytes)
      : most_(most), most_bytes_(most_bytes) {}

  void add(std::vector<std::shared_ptr<RememberedMessage>> messages);

  // In the order in which they came.
  [[nodiscard]] std::vector<Remembered> all() const;
  // Null: there is none.
  [[nodiscard]] Remembered find(std::string_view id) const;
  // Returns how many of them were still there.
  std::size_t forget(const std::vector<Remembered>& messages);

  // Those that came behind the `seen`-th, of them the last `most`; and how many came in all.
  struct Latest {
    std::vector<Remembered> messages;
    std::uint64_t taken = 0;
    std::size_t kept = 0;  // in all
  };
  [[nodiscard]] Latest behind(std::uint64_t seen, std::size_t most) const;

  struct Totals {
    std::size_t messages = 0;
    std::size_t most = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Totals totals() const;

 private:
  const std::size_t most_;
  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;  // of what follows
  std::deque<Remembered> messages_;
  std::uint64_t taken_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace millrace::sink
