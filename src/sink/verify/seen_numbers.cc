#include "sink/verify/seen_numbers.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

constexpr std::uint64_t kBits = 64;
constexpr std::size_t kWordsARun = SeenNumbers::kNumbers / kBits;
constexpr std::size_t kMapped = SeenNumbers::kRuns * kWordsARun * sizeof(std::uint64_t);

}  // namespace

SeenNumbers::SeenNumbers() {
  void* const bytes = mmap(nullptr, kMapped, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) throw Fatal(describe_error("room for the numbers of messages", errno));
  words_.reset(static_cast<std::uint64_t*>(bytes));
}

void SeenNumbers::Unmap::operator()(std::uint64_t* words) const { munmap(words, kMapped); }

SeenNumbers::Answer SeenNumbers::take(std::size_t run, std::uint64_t number) {
  if (run == 0 || run > kRuns || number >= kNumbers) return Answer::unknown;
  std::uint64_t& word = words_[(run - 1) * kWordsARun + number / kBits];
  const std::uint64_t bit = std::uint64_t{1} << (number % kBits);
  const std::uint64_t before = std::atomic_ref(word).fetch_or(bit, std::memory_order_relaxed);
  return (before & bit) != 0 ? Answer::again : Answer::first;
}

}  // namespace millrace::sink
