#include "fleet/fleet.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"
#include "base/ready.h"

namespace millrace::fleet {
namespace {

using std::chrono::system_clock;

// From one look at the post, which cannot be waited for, to the next: while others wait for each
// letter, and in the run.
constexpr std::chrono::microseconds kBriskly{100};
constexpr std::chrono::microseconds kAtLeisure{5'000};

// Letters that are taken at once, before it is looked at what else there is to do.
constexpr unsigned kAtOnce = 1'024;

// So long letters that are on their way when all is over may take.
constexpr std::chrono::milliseconds kFarewell{500};

system_clock::time_point by_wall(Microseconds since_epoch) {
  return system_clock::time_point(since_epoch);
}

}  // namespace

Fleet::Fleet(const OpenPost& open, threads::SignalWatch& signals, Duration patience)
    : signals_(signals), patience_(patience) {
  try {
    thread_ = std::thread([this, open] { serve(open); });
  } catch (const std::system_error& error) {
    throw Fatal(describe_error("cannot start a thread", error.code().value()));
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return self_.index() != 0 || failure_; });
  if (!failure_) return;
  lock.unlock();
  thread_.join();
  std::rethrow_exception(failure_);
}

Fleet::~Fleet() {
  {
    const std::lock_guard lock(mutex_);
    phase_ = std::max(phase_, Phase::leaving);
  }
  if (thread_.joinable()) thread_.join();
}

void Fleet::serve(const OpenPost& open) {
  std::unique_ptr<Post> post;
  try {
    post = open();
    const std::lock_guard lock(mutex_);
    rank_ = post->rank();
    ranks_ = post->ranks();
    if (rank_ == 0) {
      self_.emplace<Lead>(ranks_, Clock::now());
    } else {
      self_.emplace<Follower>(Clock::now());
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
  }
  changed_.notify_all();
  if (!post) return;
  Phase phase = Phase::assembling;
  while (phase < Phase::leaving) {
    std::chrono::microseconds pause = kBriskly;
    {
      const std::lock_guard lock(mutex_);
      receive(*post);
      const Moment now = Moment::now();
      take_signals(now.here);
      ask_for_quotas();
      if (rank_ == 0) {
        lead().turn(now);
        take_what_was_said();
      } else {
        follower().turn(now);
      }
      end_run(rank_ == 0 ? lead().end() : follower().end());
      send(*post);
      if (phase_ == Phase::running && !awaits_quota()) pause = kAtLeisure;
      phase = phase_;
    }
    changed_.notify_all();
    while (!unsaid_.empty() && ready_for_output(STDERR_FILENO)) say_to_user();
    if (phase < Phase::leaving) std::this_thread::sleep_for(pause);
  }
  say_farewell(*post);
  if (phase == Phase::closing) post->close();
  while (!unsaid_.empty()) say_to_user();
}

void Fleet::take_what_was_said() {
  for (const Addressed& one : lead().said()) {
    const std::string who = one.rank == 0 ? "" : "rank " + std::to_string(one.rank) + ": ";
    unsaid_.push_back(who + one.letter.text);
  }
}

// Where nobody reads that, it has to wait: other letters cannot.
void Fleet::say_to_user() {
  inform(unsaid_.front());
  unsaid_.pop_front();
}

// Waits a while for what is on its way. Nobody changes the phase any more.
void Fleet::say_farewell(Post& post) const {
  const TimePoint limit = Clock::now() + kFarewell;
  const auto waits = [&] {
    for (unsigned rank = 0; rank < ranks_; ++rank) {
      if (post.waiting(rank) > 0) return true;
    }
    return false;
  };
  while (waits() && Clock::now() < limit) {
    while (post.receive()) continue;
    std::this_thread::sleep_for(kBriskly);
  }
}

void Fleet::receive(Post& post) {
  for (unsigned taken = 0; taken < kAtOnce; ++taken) {
    const auto got = post.receive();
    if (!got) return;
    const Moment now = Moment::now();
    if (rank_ == 0) {
      lead().take(*got, now);
    } else if (got->rank == 0) {
      follower().take(got->letter, now);
      take_of_quota(got->letter);
    }
  }
}

// mpirun's is a SIGTERM, whatever has ended the run before, and is followed by a SIGKILL.
void Fleet::take_signals(TimePoint now) {
  if (rank_ != 0 || signals_.first() == 0) return;
  const TimePoint terminated = signals_.terminated_at();
  if (terminated == TimePoint::max()) return lead().interrupt(now, std::nullopt);
  if (!std::exchange(is_terminated_, true)) lead().interrupt(terminated, patience_);
}

// Only as long as there is something to end.
void Fleet::end_run(unsigned times) {
  if (times == 0) return;
  for (threads::QuotaShare* const share : shares_) share->close();
  if (phase_ < Phase::reporting) signals_.end_run(times);
}

std::vector<Addressed> Fleet::take_letters() {
  if (rank_ == 0) return lead().letters();
  std::vector<Addressed> addressed;
  for (Letter& letter : follower().letters()) {
    addressed.push_back({.rank = 0, .letter = std::move(letter)});
  }
  return addressed;
}

void Fleet::send(Post& post) {
  for (Addressed& one : take_letters()) {
    if (one.rank == rank_) {
      take_of_quota(one.letter);
      continue;
    }
    const Subject subject = one.letter.subject;
    const bool dispensable = subject == Subject::alive || subject == Subject::second;
    if (dispensable && post.waiting(one.rank) >= kUnread) continue;
    post.send(one.rank, std::move(one.letter));
  }
  if (rank_ == 0) hand_out_opening(post);
}

// To each no more than is on its way, so that other letters get through.
void Fleet::hand_out_opening(Post& post) {
  for (unsigned rank = 1; rank < ranks_; ++rank) {
    while (lead().has_piece(rank) && post.waiting(rank) < kUnread) {
      post.send_piece(rank, lead().take_piece(rank));
    }
  }
}

void Fleet::ask_for_quotas() {
  for (Letter& ask : quota_asks(shares_)) tell_of_quota(std::move(ask));
}

void Fleet::take_of_quota(const Letter& letter) {
  if (auto answer = obey(shares_, letter)) tell_of_quota(std::move(*answer));
}

void Fleet::tell_of_quota(Letter letter) {
  if (rank_ != 0) return follower().tell_of_quota(std::move(letter));
  lead().take_of_quota({.rank = 0, .letter = std::move(letter)});
}

// Somebody here, or for rank 0 anywhere, waits for others.
bool Fleet::awaits_quota() {
  if (rank_ == 0 && lead().deals_with_quotas()) return true;
  return std::any_of(shares_.begin(), shares_.end(),
                     [](const threads::QuotaShare* share) { return share->asks(); });
}

void Fleet::share(QuotaShares shares, const std::vector<std::uint64_t>& quotas) {
  const std::lock_guard lock(mutex_);
  shares_ = std::move(shares);
  if (rank_ == 0) lead().share(quotas);
}

void Fleet::count(const std::string& counts) {
  const std::lock_guard lock(mutex_);
  follower().count(counts);
}

std::vector<RankState> Fleet::known() {
  const std::lock_guard lock(mutex_);
  return lead().ranks();
}

void Fleet::end_all() {
  const std::lock_guard lock(mutex_);
  lead().end_all();
}

void Fleet::open(std::string opening, std::optional<system_clock::time_point> earliest) {
  const std::lock_guard lock(mutex_);
  std::optional<Microseconds> moment;
  if (earliest) {
    moment = std::chrono::duration_cast<Microseconds>(earliest->time_since_epoch());
  }
  lead().open(std::move(opening), moment);
}

std::optional<std::string> Fleet::opening() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return follower().is_opened() || signals_.first() != 0; });
  if (!follower().is_opened()) return std::nullopt;
  return follower().take_opening();
}

void Fleet::open_several(std::string opening) {
  const std::lock_guard lock(mutex_);
  lead().open(std::move(opening), std::nullopt);
  lead().await_next();
}

void Fleet::hand_out(const std::string& run) {
  const std::lock_guard lock(mutex_);
  lead().next(run, Clock::now());
  phase_ = Phase::assembling;
}

std::optional<std::string> Fleet::next() {
  std::unique_lock lock(mutex_);
  phase_ = Phase::running;
  changed_.wait(
      lock, [this] { return follower().has_next() || follower().over() || follower().is_lost(); });
  phase_ = Phase::assembling;
  return follower().take_next();
}

std::optional<system_clock::time_point> Fleet::agree(const Readiness& own) {
  std::unique_lock lock(mutex_);
  const auto start = [this] { return rank_ == 0 ? lead().start() : follower().start(); };
  if (rank_ == 0) {
    lead().ready(own.load);
  } else {
    follower().ready(own);
  }
  changed_.wait(lock, [&] { return start() || signals_.first() != 0; });
  const auto moment = start();
  if (!moment) return std::nullopt;
  phase_ = Phase::running;
  signals_.grant_grace(true);
  return by_wall(*moment);
}

void Fleet::end_running() {
  signals_.grant_grace(false);
  const std::lock_guard lock(mutex_);
  phase_ = Phase::reporting;
}

void Fleet::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  follower().say(std::string(line));
}

void Fleet::tell(const metrics::Second& second) {
  const std::lock_guard lock(mutex_);
  follower().tell(second);
}

std::optional<metrics::Second> Fleet::seconds_of_all(const metrics::Second& own) {
  const std::lock_guard lock(mutex_);
  return lead().seconds_of_all(own);
}

std::vector<RankState> Fleet::gather(unsigned end) {
  end_running();
  std::unique_lock lock(mutex_);
  wait_until_in(lock, end);
  std::vector<RankState> ranks = lead().ranks();
  lead().rest();
  if (lead().has_several()) phase_ = Phase::running;
  return ranks;
}

std::vector<RankState> Fleet::finish(unsigned end) {
  end_running();
  std::unique_lock lock(mutex_);
  wait_until_in(lock, end);
  // Where one has failed nobody else is waited for.
  if (lead().has_several() && lead().is_well()) {
    lead().call_roll(Clock::now());
    wait_until_in(lock, 0);
  }
  lead().retire();
  return lead().ranks();
}

void Fleet::wait_until_in(std::unique_lock<std::mutex>& lock, unsigned end) {
  lead().over(end);
  changed_.wait(lock, [this] { return lead().all_in(); });
}

bool Fleet::close() {
  {
    std::unique_lock lock(mutex_);
    // Who has hung since it handed in would be waited for without end where the post is closed.
    lead().ask_once_more(Clock::now());
    changed_.wait(lock, [this] { return lead().all_answered(); });
    lead().close();
    phase_ = lead().whole() ? Phase::closing : Phase::leaving;
  }
  thread_.join();
  return phase_ == Phase::closing;
}

bool Fleet::hand_in(unsigned end, const std::string& result) {
  end_running();
  std::unique_lock lock(mutex_);
  follower().hand_in(end, result);
  return wait_for_over(lock);
}

bool Fleet::fail(const std::string& why) {
  end_running();
  std::unique_lock lock(mutex_);
  follower().fail(why);
  return wait_for_over(lock);
}

void Fleet::deliver(unsigned end, const std::string& result) {
  end_running();
  const std::lock_guard lock(mutex_);
  follower().hand_in(end, result);
}

bool Fleet::wait_for_over() {
  end_running();
  std::unique_lock lock(mutex_);
  return wait_for_over(lock);
}

bool Fleet::wait_for_over(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return follower().over() || follower().is_lost(); });
  phase_ = follower().over().value_or(false) ? Phase::closing : Phase::leaving;
  return follower().over().has_value();
}

}  // namespace millrace::fleet
