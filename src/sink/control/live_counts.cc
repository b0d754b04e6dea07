#include "sink/control/live_counts.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace millrace::sink {
namespace {

constexpr std::chrono::seconds kPatience{1};

ClientCounts counts_of(const ClientTable& clients) {
  return {.rows = clients.rows(), .others = clients.others()};
}

}  // namespace

void Counts::add(const Counts& other) {
  counters.add(other.counters);
  replies.add(other.replies);
  for (std::size_t kind = 0; kind < errors.size(); ++kind) errors[kind] += other.errors[kind];
  sessions.add(other.sessions);
  sessions_open += other.sessions_open;
}

std::size_t LiveCounts::enter() {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back();
  return answers_.size() - 1;
}

// Puts a question; holds the lock when all have answered, or for so long as anybody is waited for.
void LiveCounts::put_and_wait(Question* of_kind, std::unique_lock<std::mutex>& lock) {
  std::uint64_t question = 0;
  {
    const std::lock_guard numbering(mutex_);
    question = asked_ + 1;
    if (of_kind != nullptr) *of_kind = question;
    asked_ = question;
  }
  wake_();
  lock.lock();
  answered_.wait_for(lock, kPatience, [&] {
    return std::all_of(answers_.begin(), answers_.end(),
                       [question](const Answer& answer) { return answer.to >= question; });
  });
}

Counts LiveCounts::ask() {
  std::unique_lock lock(mutex_, std::defer_lock);
  put_and_wait(nullptr, lock);
  Counts sum;
  for (const Answer& answer : answers_) sum.add(answer.counts);
  return sum;
}

ClientCounts LiveCounts::ask_clients() {
  std::unique_lock lock(mutex_, std::defer_lock);
  put_and_wait(&asked_clients_, lock);
  ClientCounts sum;
  for (const Answer& answer : answers_) {
    for (const auto& [address, row] : answer.clients.rows) sum.rows[address].add(row);
    sum.others += answer.clients.others;
  }
  return sum;
}

void LiveCounts::forget_clients() {
  std::unique_lock lock(mutex_, std::defer_lock);
  put_and_wait(&asked_to_forget_, lock);
  for (Answer& answer : answers_) answer.clients = {};
}

void LiveCounts::answer(std::size_t worker, const std::function<Counts()>& fill,
                        ClientTable& clients) {
  const std::uint64_t question = asked_;
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = answers_[worker].to;
  }
  if (before >= question) return;
  if (asked_to_forget_ > before) clients.forget();
  const bool of_clients = asked_clients_ > before;
  Counts counts = fill();
  ClientCounts told;
  if (of_clients) told = counts_of(clients);
  const std::lock_guard lock(mutex_);
  Answer& answer = answers_[worker];
  answer.to = question;
  answer.counts = std::move(counts);
  if (of_clients) answer.clients = std::move(told);
  answered_.notify_all();
}

void LiveCounts::answer_last(std::size_t worker, Counts counts, const ClientTable& clients) {
  const std::lock_guard lock(mutex_);
  answers_[worker] = {.to = std::numeric_limits<std::uint64_t>::max(),
                      .counts = std::move(counts),
                      .clients = counts_of(clients)};
  answered_.notify_all();
}

}  // namespace millrace::sink
