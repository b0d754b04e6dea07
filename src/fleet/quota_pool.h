#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace millrace::fleet {

// A quota that all ranks have together, as rank 0 hands it out: at no time have they more of it
// than there is. A rank that asks gets a part of what is left, smaller parts the less that is. When
// nothing is and somebody waits for it, all are asked to return what they have not used; who then
// gets nothing knows that nobody has anything.
class QuotaPool {
 public:
  QuotaPool(std::uint64_t quota, unsigned ranks) : left_(quota), ranks_(ranks), had_(ranks) {}

  // A rank asks for more: for so many who wait for it; 0: ahead of need.
  void ask(unsigned rank, std::uint64_t waiting);
  // It has returned what it had not used.
  void returned(unsigned rank, std::uint64_t unused);

  // What ranks are to be told, once.
  struct Answer {
    unsigned rank = 0;
    std::uint64_t more = 0;  // 0: none is left

    bool operator==(const Answer&) const = default;
  };
  std::vector<Answer> answers();
  // Who is to return what it has not used.
  std::vector<unsigned> recalls();
  // Somebody waits for what others return.
  [[nodiscard]] bool is_busy() const { return !asks_.empty() || !served_.empty(); }

 private:
  struct Ask {
    unsigned rank = 0;
    std::uint64_t waiting = 0;
  };

  void give(unsigned rank, std::uint64_t more);
  void begin_recall();
  void end_recall();
  [[nodiscard]] std::uint64_t part() const;

  std::uint64_t left_;
  const unsigned ranks_;
  std::vector<std::uint64_t> had_;  // by rank: was given so much, less what it returned
  std::vector<Ask> asks_;           // that wait for the next recall
  std::vector<Ask> served_;         // by the recall that goes on
  std::set<unsigned> recalled_;     // who have not returned anything yet
  std::vector<Answer> answers_;
  std::vector<unsigned> recalls_;
};

}  // namespace millrace::fleet
