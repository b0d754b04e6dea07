#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace::sink {

// Which messages have come, by their numbers: a bit each, for all worker threads together and
// without a lock. Of the first kRuns runs the first kNumbers messages; of others nothing is known.
// Takes memory as numbers come: at most 128 MiB.
class SeenNumbers {
 public:
  static constexpr std::size_t kRuns = 8;
  static constexpr std::uint64_t kNumbers = std::uint64_t{1} << 27;

  // Throws Fatal where the system has no room for it.
  SeenNumbers();

  enum class Answer : std::uint8_t { first, again, unknown };

  // Message `number` of a run has come; `run`: its number in a journal, from 1.
  Answer take(std::size_t run, std::uint64_t number);

 private:
  struct Unmap {
    void operator()(std::uint64_t* words) const;
  };
  std::unique_ptr<std::uint64_t[], Unmap> words_;
};

}  // namespace millrace::sink
