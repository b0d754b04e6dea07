#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/verb.h"

namespace millrace::metrics {

// The replies to each command, by code and enhanced status code (RFC 3463).
class ReplyCounts {
 public:
  // The commands are the verbs, and one place for all that are none.
  static constexpr std::size_t kUnknown = smtp::kVerbCount;
  static constexpr std::size_t kCommands = smtp::kVerbCount + 1;

  // "MAIL", or "UNKNOWN".
  static std::string_view name(std::size_t command);

  // "5.7.1" as a number; 0: none.
  using Enhanced = std::uint32_t;

  struct Count {
    int code = 0;
    Enhanced enhanced = 0;
    std::uint64_t times = 0;
  };

  // Counts one reply. `text`: as it was sent, beginning with its code; behind none there is no
  // enhanced one.
  void count(std::size_t command, int code, std::string_view text) {
    add(command, {.code = code, .enhanced = code == 0 ? 0 : enhanced_code(text), .times = 1});
  }

  // A peer that makes up codes is counted, from the kMostKinds-th kind of a command on, as code 0.
  void add(std::size_t command, const Count& count);
  void add(const ReplyCounts& other);

  [[nodiscard]] const std::vector<Count>& of(std::size_t command) const { return counts_[command]; }

  // The enhanced status code that follows the reply code in `text` and what parts the two, and
  // behind which its line ends or there is a space (RFC 2034, 4); 0: none.
  static Enhanced enhanced_code(std::string_view text);
  static Enhanced parse(std::string_view enhanced);
  static std::string text(Enhanced enhanced);

 private:
  static constexpr std::size_t kMostKinds = 256;

  std::array<std::vector<Count>, kCommands> counts_;
};

}  // namespace millrace::metrics
