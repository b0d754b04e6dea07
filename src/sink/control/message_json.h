#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sink/store/message_memory.h"

namespace millrace::sink {

// Of a content so much is looked through for its header.
inline constexpr std::size_t kHeaderLookedThrough = 64 * 1024;

// Bytes that are told of a subject.
inline constexpr std::size_t kLongestSubject = 1000;

// The first Subject, unfolded and with its encoded words decoded, as far as it is told.
std::string subject_of(const RememberedMessage& message);

// How much is told of several messages: a client can make their envelopes as large as it likes.
struct MessagesBounds {
  std::size_t recipients;  // of each message, the first
  std::size_t bytes;       // of all messages, in JSON
};

// Of a message alone the recipients are 6 MiB in JSON at most (StoreObserver bounds them).
inline constexpr MessagesBounds kBoundsOfList{.recipients = std::numeric_limits<std::size_t>::max(),
                                              .bytes = std::size_t{8} << 20};
inline constexpr MessagesBounds kBoundsOfEvent{.recipients = 3, .bytes = std::size_t{1} << 20};

// The schema MessageSummary with the first recipients, so many at most; and Message.
nlohmann::json summary_json(const RememberedMessage& message, std::size_t most_recipients);
nlohmann::json message_json(const RememberedMessage& message);
// How many messages there are.
struct MessagesFound {
  std::size_t found;       // of those that were asked for
  std::size_t kept;        // in all
  std::size_t up_to_here;  // of those that ?before= can lead to, and those that are told
};

// The schema Messages in one line: of `messages`, the latest of those that were found, the latest
// that are within bounds.
std::string messages_text(const std::vector<Remembered>& messages, const MessagesFound& counts,
                          const MessagesBounds& bounds);

}  // namespace millrace::sink
