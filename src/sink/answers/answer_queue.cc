#include "sink/answers/answer_queue.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace millrace::sink {
namespace {

std::size_t weight(const Answer& answer) {
  return sizeof answer + answer.what.diagnostic.size() + answer.what.text.size() +
         answer.sender.size() + answer.recipient.size() + answer.envelope_id.size() +
         answer.original_recipient.size() + (answer.header ? answer.header->size() : 0);
}

}  // namespace

AnswerQueue::AnswerQueue(std::size_t most_answers, std::size_t most_bytes)
    : most_answers_(most_answers), most_bytes_(most_bytes) {}

bool AnswerQueue::later(const Waiting& one, const Waiting& other) {
  return std::pair(one.answer.due, one.number) > std::pair(other.answer.due, other.number);
}

void AnswerQueue::offer(Answer answer) {
  const TimePoint due = answer.due;
  {
    const std::lock_guard lock(mutex_);
    if (heap_.size() >= most_answers_ || bytes_ + weight(answer) > most_bytes_) {
      ++totals_.dropped;
      return;
    }
    ++totals_.queued;
    const bool first = heap_.empty() || due < heap_.front().answer.due;
    add(std::move(answer));
    if (!first) return;
  }
  wake_up_.wake();
}

void AnswerQueue::not_allowed() {
  const std::lock_guard lock(mutex_);
  ++totals_.not_allowed;
}

void AnswerQueue::add(Answer answer) {
  bytes_ += weight(answer);
  heap_.push_back({.answer = std::move(answer), .number = added_++});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

std::optional<TimePoint> AnswerQueue::next_due() const {
  const std::lock_guard lock(mutex_);
  if (heap_.empty()) return std::nullopt;
  return heap_.front().answer.due;
}

std::optional<Answer> AnswerQueue::take(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (heap_.empty() || heap_.front().answer.due > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Answer answer = std::move(heap_.back().answer);
  heap_.pop_back();
  bytes_ -= weight(answer);
  return answer;
}

void AnswerQueue::sent() {
  const std::lock_guard lock(mutex_);
  ++totals_.sent;
}

void AnswerQueue::refused(int code) {
  const std::lock_guard lock(mutex_);
  ++totals_.refused[code];
}

void AnswerQueue::given_up() {
  const std::lock_guard lock(mutex_);
  ++totals_.given_up;
}

void AnswerQueue::put_back(Answer answer) {
  const std::lock_guard lock(mutex_);
  add(std::move(answer));
}

AnswerTotals AnswerQueue::totals() const {
  const std::lock_guard lock(mutex_);
  AnswerTotals totals = totals_;
  const std::uint64_t refused =
      std::accumulate(totals.refused.begin(), totals.refused.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const auto& one) { return sum + one.second; });
  totals.unsent = totals.queued - totals.sent - refused - totals.given_up;
  return totals;
}

}  // namespace millrace::sink
