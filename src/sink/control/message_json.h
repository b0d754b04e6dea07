#pragma once

#include <cstddef>
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

// The schema MessageSummary, and Message.
nlohmann::json summary_json(const RememberedMessage& message);
nlohmann::json message_json(const RememberedMessage& message);
// The schema Messages: some of those that were found, of all that are kept.
nlohmann::json messages_json(const std::vector<Remembered>& messages, std::size_t found,
                             std::size_t kept);

}  // namespace millrace::sink
