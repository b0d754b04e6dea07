#include "sink/control/live_counts.h"

#include <algorithm>
#include <limits>

namespace millrace::sink {
namespace {

ClientCounts counts_of(const ClientTable& clients) {
  return {.rows = clients.rows(), .others = clients.others()};
}

}  // namespace

void Counts::add(const Counts& other) {
  counters.add(other.counters);
  for (std::size_t one = 0; one < commands.size(); ++one) commands[one] += other.commands[one];
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

// Puts a question; holds the lock when all have answered, or when no longer waited for. Whether
// they have.
bool LiveCounts::put_and_wait(Question* of_kind, Duration patience,
                              std::unique_lock<std::mutex>& lock) {
  std::uint64_t question = 0;
  {
    const std::lock_guard numbering(mutex_);
    question = asked_ + 1;
    if (of_kind != nullptr) *of_kind = question;
    asked_ = question;
  }
  wake_();
  lock.lock();
  return answered_.wait_for(lock, patience, [&] {
    return std::all_of(answers_.begin(), answers_.end(),
                       [question](const Answer& answer) { return answer.to >= question; });
  });
}

Counts LiveCounts::ask() {
  std::unique_lock lock(mutex_, std::defer_lock);
  put_and_wait(nullptr, patience_.asking, lock);
  Counts sum;
  for (const Answer& answer : answers_) sum.add(answer.counts);
  return sum;
}

ClientCounts LiveCounts::ask_clients() {
  std::unique_lock lock(mutex_, std::defer_lock);
  put_and_wait(&asked_clients_, patience_.asking, lock);
  ClientCounts sum;
  for (const Answer& answer : answers_) {
    for (const auto& [address, row] : answer.clients.rows) sum.rows[address].add(row);
    sum.others += answer.clients.others;
  }
  return sum;
}

bool LiveCounts::reach_all() {
  std::unique_lock lock(mutex_, std::defer_lock);
  return put_and_wait(nullptr, patience_.changing, lock);
}

bool LiveCounts::forget_clients() {
  std::unique_lock lock(mutex_, std::defer_lock);
  const bool all = put_and_wait(&asked_to_forget_, patience_.changing, lock);
  for (Answer& answer : answers_) answer.clients = {};
  return all;
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
