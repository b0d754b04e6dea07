#include "source/end_to_end_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "proof/journal_file.h"

namespace millrace::source {
namespace {

// How often journals are looked at. Times are those that they have, so it costs no precision.
constexpr std::chrono::milliseconds kBetweenLooks{20};

// Behind the first message that was accepted: somebody should take it by then.
constexpr std::chrono::seconds kUnseenLimit{3};

// From when a wait for what is missing is told.
constexpr std::chrono::seconds kSilentWait{1};

// One that is read twice would have each copy arrive twice.
void check_apart(const std::deque<proof::JournalFollower>& journals) {
  for (auto one = journals.begin(); one != journals.end(); ++one) {
    for (auto other = journals.begin(); other != one; ++other) {
      if (!one->seen() || !other->seen() || one->header().run != other->header().run) continue;
      throw Fatal(fmt::format("{} and {} are the same journal", other->path(), one->path()));
    }
  }
}

}  // namespace

void check_sink_journals(const EndToEndOptions& options) {
  const proof::JournalHeader now = proof::header_now(proof::Side::sent, {});
  std::deque<proof::JournalFollower> journals;
  for (const std::string& path : options.journals) {
    journals.emplace_back(path, now).skip();
  }
  check_apart(journals);
}

EndToEndWatch::EndToEndWatch(const EndToEndOptions& options, const proof::JournalHeader& sent,
                             unsigned workers, threads::SignalWatch& signals,
                             std::size_t most_waiting)
    : options_(options), signals_(signals), most_waiting_(most_waiting), workers_(workers) {
  for (const std::string& path : options.journals) journals_.emplace_back(path, sent).skip();
  try {
    thread_ = std::thread([this] { follow(); });
  } catch (const std::system_error& error) {
    throw Fatal(describe_error("cannot start a thread", error.code().value()));
  }
}

EndToEndWatch::~EndToEndWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EndToEndWatch::begin(const SharedLoad& load, Failed failed) {
  for (WorkerAcceptances& worker : workers_) worker.begin(load);
  const std::lock_guard lock(mutex_);
  match_.begin();
  over_.reset();
  schedule_end_ = TimePoint::max();
  waiting_ = 0;
  failed_ = std::move(failed);
  if (!well_) failed_(why_);
}

std::optional<std::uint64_t> EndToEndWatch::waiting() const {
  return well_ ? std::optional(waiting_.load()) : std::nullopt;
}

void EndToEndWatch::follow() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    look();
    changed_.wait_for(lock, kBetweenLooks, [this] { return ended_; });
  }
}

// Without a schedule, or where all was sent before its end, it was over with the last message. A
// signal ends it at once.
TimePoint EndToEndWatch::load_end(TimePoint over) const {
  const TimePoint schedule_end = schedule_end_;
  if (signals_.first_at() < std::min(over, schedule_end)) return signals_.first_at();
  return over < schedule_end ? match_.last_accepted() : schedule_end;
}

// `sure`: a moment before all that workers have told, by which neither the schedule was over nor a
// signal had come.
void EndToEndWatch::tell_bounds(TimePoint sure) {
  match_.not_over_at(std::min(sure, match_.last_accepted()));
  match_.over_by(over_ ? load_end(*over_) : std::min(schedule_end_.load(), signals_.first_at()));
}

void EndToEndWatch::look() {
  if (!well_) return;
  try {
    const TimePoint now = Clock::now();
    const TimePoint sure = std::min({now, signals_.first_at(), schedule_end_.load()});
    for (WorkerAcceptances& worker : workers_) worker.tell(match_);
    tell_bounds(sure);
    read_journals();
    waiting_ = match_.waiting();
    if (match_.messages_waiting() > most_waiting_) {
      throw Fatal(fmt::format(
          "more than {} messages that the server accepted have not arrived: too many to follow",
          most_waiting_));
    }
    if (match_.undecided() > most_waiting_) {
      throw Fatal(
          fmt::format("more than {} copies have arrived since the server last accepted one: "
                      "too many to follow",
                      most_waiting_));
    }
    tell_unchecked();
    tell_unseen();
  } catch (const Fatal& error) {
    fail(error.what());
  } catch (const std::bad_alloc&) {
    fail("no memory is left to follow what becomes of messages behind the server");
  }
}

void EndToEndWatch::read_journals() {
  for (proof::JournalFollower& journal : journals_) {
    journal.poll([this](const proof::TakenCopy& copy) {
      match_.arrived(copy.message, TimePoint(copy.at), copy.bounced);
    });
  }
  check_apart(journals_);
}

// Once: somebody has mistaken a path or a key, or forgotten a sink, and may want to know before the
// end.
void EndToEndWatch::tell_unseen() {
  if (match_.last_accepted() == TimePoint::min()) return;
  if (!first_seen_) first_seen_ = Clock::now();
  if (Clock::now() < *first_seen_ + kUnseenLimit) return;
  if (!forged_told_) forged_told_ = tell_forged();
  if (unseen_told_) return;
  unseen_told_ = true;
  for (const proof::JournalFollower& journal : journals_) {
    if (journal.seen()) continue;
    warn(journal.path() + ": no sink has begun this journal yet (smtp-sink --verify)");
  }
}

// Once, as soon as there is one.
void EndToEndWatch::tell_unchecked() {
  if (unchecked_told_) return;
  for (const proof::JournalFollower& journal : journals_) {
    if (!journal.seen() || journal.header().unchecked == 0) continue;
    unchecked_told_ = true;
    warn(journal.path() +
         ": its sink has no key, so that anybody's stamp counts as an arrival (--stamp-key)");
  }
}

// Whether there was anything to tell.
bool EndToEndWatch::tell_forged() const {
  bool told = false;
  for (const proof::JournalFollower& journal : journals_) {
    const auto& [believed, forged] = journal.stamps();
    if (forged == 0) continue;
    told = true;
    warn(believed == 0
             ? fmt::format("{} has {} that its sink did not believe the stamps of: its key is "
                           "another one (--stamp-key)",
                           journal.path(), forged)
             : fmt::format("{} has forged stamps: {} that its sink did not believe, beside {} that "
                           "it did",
                           journal.path(), forged, believed));
  }
  return told;
}

void EndToEndWatch::fail(const std::string& what) {
  well_ = false;
  why_ = what;
  match_.begin();
  if (failed_) failed_(what);
}

void EndToEndWatch::let_go() {
  const std::lock_guard lock(mutex_);
  failed_ = {};
}

bool EndToEndWatch::sinks_gone() const {
  return std::ranges::all_of(journals_, [](const auto& journal) { return journal.given_up(); });
}

void EndToEndWatch::wait_for_missing(std::unique_lock<std::mutex>& lock, TimePoint over) {
  bool told = false;
  for (;;) {
    const bool gone = sinks_gone();  // before the look, which sees what they wrote last
    const TimePoint now = Clock::now();
    look();
    const bool done = !well_ || match_.waiting() == 0 || gone || interrupted_;
    if (done || now >= over + options_.settle) return;
    if (!told && now >= over + kSilentWait) {
      told = true;
      inform(
          fmt::format("waiting for {} that the server accepted to arrive, {:.3g} s at most; a "
                      "signal ends that",
                      match_.waiting(), in_seconds(options_.settle)));
    }
    changed_.wait_for(lock, kBetweenLooks, [this] { return interrupted_.load(); });
  }
}

// Why what is missing may have arrived all the same; empty where it has not.
std::string EndToEndWatch::why_unknown() const {
  for (const proof::JournalFollower& journal : journals_) {
    std::string_view what;
    if (!journal.seen()) {
      what = "no sink has begun its journal (--verify)";
    } else if (journal.doubtful()) {
      what = "its end is damaged";
    } else if (journal.given_up() || journal.abandoned()) {
      what = "its sink has ended";
    }
    if (what.empty()) continue;
    return fmt::format("{}: {}, and what became of {} that the server accepted is not known",
                       journal.path(), what, match_.waiting());
  }
  return {};
}

// Of what counts as not arrived, and what else may be the reason.
void EndToEndWatch::tell_missing() const {
  const std::string since =
      interrupted_ ? "when the wait was interrupted"
                   : fmt::format("{:.3g} s behind the run (--settle)", in_seconds(options_.settle));
  warn(fmt::format("{} of what the server accepted had not arrived {}, and counts as missing",
                   match_.waiting(), since));
  static_cast<void>(tell_forged());
  if (match_.forgotten() == 0) return;
  warn(
      fmt::format("sinks took {} copies more than could be remembered of messages that the server "
                  "had not accepted",
                  match_.forgotten()));
}

std::optional<metrics::EndToEnd> EndToEndWatch::finish() {
  // Takes no lock, so that no disk that hangs holds up further signals.
  const unsigned enough = signals_.first() == 0 ? 1 : 2;  // one that has come is told of again
  interrupted_ = false;
  signals_.hand_on([this, enough](unsigned number) {
    if (number >= enough) interrupted_ = true;
    changed_.notify_all();
  });
  std::optional<metrics::EndToEnd> found;
  {
    std::unique_lock lock(mutex_);
    const TimePoint over = Clock::now();
    over_ = over;
    wait_for_missing(lock, over);
    const std::string why = well_ && match_.waiting() > 0 ? why_unknown() : std::string();
    if (!why.empty()) fail(why);
    if (well_) {
      if (match_.waiting() > 0) tell_missing();
      found = match_.finish(load_end(over));
    }
  }
  signals_.hand_on({});
  return found;
}

}  // namespace millrace::source
