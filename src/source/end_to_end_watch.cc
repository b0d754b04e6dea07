#include "source/end_to_end_watch.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::source {
namespace {

// How often journals are looked at. Times are those that they have, so it costs no precision.
constexpr std::chrono::milliseconds kBetweenLooks{20};

}  // namespace

void WorkerAcceptances::delivered(const Delivery& delivery, const smtp::MessageSource& /*messages*/,
                                  TimePoint /*now*/) {
  const Schedule& schedule = load_->schedule();
  AcceptedCopies copies{
      .message = delivery.message,
      .due = delivery.intended,
      .measured =
          schedule.stages()[schedule.stage_at(delivery.intended - load_->start())].measured};
  const std::lock_guard lock(mutex_);
  for (std::uint32_t number = 0; number < delivery.transactions.size(); ++number) {
    copies.copies = 0;
    for (const Delivery::Recipient& recipient : delivery.recipients) {
      const bool in_it = recipient.transaction == number && recipient.fate == Fate::accepted;
      copies.copies += in_it ? 1 : 0;
    }
    copies.accepted = delivery.transactions[number].over;
    if (copies.copies > 0) copies_.push_back(copies);
  }
}

void WorkerAcceptances::take(std::vector<AcceptedCopies>& copies) {
  copies.clear();
  const std::lock_guard lock(mutex_);
  std::swap(copies, copies_);
}

EndToEndWatch::EndToEndWatch(const EndToEndOptions& options, const proof::JournalHeader& sent,
                             unsigned workers)
    : options_(options), workers_(workers) {
  for (const std::string& path : options.journals) {
    // Once, so that what is wrong is said before anything is sent.
    journals_.emplace_back(path, sent).poll([](const proof::TakenCopy& /*copy*/) {});
  }
  check_apart();
  thread_ = std::thread([this] { follow(); });
}

EndToEndWatch::~EndToEndWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EndToEndWatch::begin(const SharedLoad& load) {
  for (WorkerAcceptances& worker : workers_) worker.begin(load);
  const std::lock_guard lock(mutex_);
  match_.begin(load.end());
  waiting_ = 0;
}

void EndToEndWatch::follow() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    look();
    changed_.wait_for(lock, kBetweenLooks, [this] { return ended_; });
  }
}

// One that is read twice would have each copy arrive twice.
void EndToEndWatch::check_apart() const {
  for (auto one = journals_.begin(); one != journals_.end(); ++one) {
    for (auto other = journals_.begin(); other != one; ++other) {
      if (!one->seen() || !other->seen() || one->header().run != other->header().run) continue;
      throw Fatal(fmt::format("{} and {} are the same journal", other->path(), one->path()));
    }
  }
}

void EndToEndWatch::look() {
  for (WorkerAcceptances& worker : workers_) {
    worker.take(copies_);
    for (const AcceptedCopies& copies : copies_) match_.accepted(copies);
  }
  if (well_) read_journals();
  waiting_ = match_.waiting();
}

void EndToEndWatch::read_journals() {
  try {
    for (proof::JournalFollower& journal : journals_) {
      journal.poll([this](const proof::TakenCopy& copy) {
        match_.arrived(copy.message, TimePoint(copy.at), copy.bounced);
      });
    }
    check_apart();
  } catch (const Fatal& error) {
    failed(error.what());
  }
}

void EndToEndWatch::failed(const std::string& what) {
  well_ = false;
  report_fatal(what);
}

metrics::EndToEnd EndToEndWatch::finish(threads::SignalWatch& signals) {
  const TimePoint over = Clock::now();
  const unsigned enough = signals.first() == 0 ? 1 : 2;  // one that has come is told of again
  bool given_up = false;
  signals.hand_on([&](unsigned number) {
    const std::lock_guard lock(mutex_);
    given_up = given_up || number >= enough;
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  match_.over(over);
  for (;;) {
    look();
    const bool done = match_.waiting() == 0 || given_up || !well_;
    if (done || Clock::now() >= over + options_.settle) break;
    changed_.wait_for(lock, kBetweenLooks, [&] { return given_up; });
  }
  const metrics::EndToEnd found = match_.finish();
  lock.unlock();
  signals.hand_on({});
  lock.lock();
  for (const proof::JournalFollower& journal : journals_) {
    if (well_ && !given_up && !journal.seen()) {
      failed(journal.path() + ": no sink has begun its journal (--verify)");
    }
  }
  return found;
}

}  // namespace millrace::source
