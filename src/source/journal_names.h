#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "proof/journal_file.h"

namespace millrace::source {

// The numbers by which the records of a run's journal name kinds, or domains. All threads share
// them: a number is told to the file before a record has it. The last one that there may be is for
// all names that come later.
class JournalNames {
 public:
  // `most`: how many there may be.
  JournalNames(proof::JournalFile& file, proof::NameOf what, std::size_t most)
      : file_(file), what_(what), most_(most) {}

  // Nothing while the file takes no more. From any thread.
  std::optional<std::uint16_t> number(std::string_view name);
  [[nodiscard]] std::uint16_t others() const { return static_cast<std::uint16_t>(most_ - 1); }

 private:
  static constexpr std::string_view kOthers = "others";

  proof::JournalFile& file_;
  const proof::NameOf what_;
  const std::size_t most_;
  std::mutex mutex_;
  std::map<std::string, std::uint16_t, std::less<>> numbers_;
  bool others_told_ = false;
};

// Those that one thread has met, which it looks up without a lock. Allocates for a new name alone.
class KnownJournalNames {
 public:
  explicit KnownJournalNames(JournalNames& all) : all_(all) {}

  // Of a name that nobody could be told of: that of the others.
  std::uint16_t number(std::string_view name);

 private:
  JournalNames& all_;
  std::map<std::string, std::uint16_t, std::less<>> numbers_;
  bool full_ = false;  // what comes now is one of the others
};

}  // namespace millrace::source
