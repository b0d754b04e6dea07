#include "smtp/end_mark.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace millrace::smtp {
namespace {

std::vector<EndMarkSearch> searches() {
  std::vector<EndMarkSearch> all{find_end_mark};
  if (const EndMarkSearch avx2 = end_mark_search_avx2()) all.push_back(avx2);
  return all;
}

// One byte after the other, as nobody would search.
std::size_t slow_search(std::string_view bytes) {
  for (std::size_t at = 0; at + kWholeEndMark.size() <= bytes.size(); ++at) {
    if (bytes.substr(at, kWholeEndMark.size()) == kWholeEndMark) return at;
  }
  return std::string_view::npos;
}

// Memory for bytes that lie at its end: a read behind them ends the test.
class GuardedBytes {
 public:
  GuardedBytes() {
    void* const pages =
        mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<char*>(pages);
    if (mprotect(begin_ + kPage, kPage, PROT_NONE) != 0) throw std::bad_alloc();
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { munmap(begin_, 2 * kPage); }

  std::string_view hold(std::string_view text) {
    char* const place = begin_ + kPage - text.size();
    std::copy(text.begin(), text.end(), place);
    return {place, text.size()};
  }

 private:
  static constexpr std::size_t kPage = 65'536;  // or several, where the machine's are smaller

  char* begin_;
};

void expect_like_slow_search(const std::string& text) {
  static GuardedBytes memory;
  const std::string_view bytes = memory.hold(text);
  for (const EndMarkSearch search : searches()) {
    ASSERT_EQ(search(bytes), slow_search(bytes)) << testing::PrintToString(text);
  }
}

TEST(EndMark, IsLookedForWithAvx2WhereTheProcessorHasIt) {
  std::ifstream file("/proc/cpuinfo");
  const std::string processor{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(end_mark_search_avx2() != nullptr, processor.find(" avx2 ") != std::string::npos);
}

TEST(EndMark, IsFoundWhereverItStandsInReadsOfAnyLength) {
  for (const std::size_t length : {0U, 5U, 250U, 255U, 256U, 257U, 258U, 511U, 512U, 513U, 700U}) {
    const std::string plain(length, 'x');
    expect_like_slow_search(plain);
    for (std::size_t at = 0; at + kWholeEndMark.size() <= length; ++at) {
      std::string marked = plain;
      marked.replace(at, kWholeEndMark.size(), kWholeEndMark);
      expect_like_slow_search(marked);
    }
  }
}

TEST(EndMark, IsToldFromWhatLooksLikeItAtEveryCut) {
  std::string text;
  while (text.size() < 600) text += "An end.\r\n..\r\nA.\n.\r\n\r\n.\rno\r.\r\n\n.\r\n";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    expect_like_slow_search(text.substr(cut));
    expect_like_slow_search(text.substr(0, cut));
    expect_like_slow_search(text.substr(0, cut) + std::string(kWholeEndMark) + text.substr(cut));
  }
}

TEST(EndMark, TheFirstOfSeveralCounts) {
  for (std::size_t gap = 0; gap < 530; ++gap) {
    const std::string mark(kWholeEndMark);
    expect_like_slow_search(std::string(gap, '.') + mark + std::string(gap, '\n') + mark);
  }
}

TEST(EndMark, IsFoundInAnyMixOfItsBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 900, ' ');
    const std::size_t alphabet = round % 2 == 0 ? 4 : 40;  // marks, or hardly any
    for (char& byte : text) {
      const std::size_t any = random() % alphabet;
      byte = any < 3 ? "\r\n."[any] : 'x';
    }
    expect_like_slow_search(text);
  }
}

}  // namespace
}  // namespace millrace::smtp
