#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "base/time.h"
#include "fleet/follower.h"
#include "fleet/lead.h"
#include "fleet/post.h"
#include "fleet/quota_letters.h"
#include "metrics/timeline.h"
#include "threads/signal_watch.h"

namespace millrace::fleet {

// The processes of a run, as one of them sees them. A thread of its own reads and writes all
// letters, so that workers wait for another host only where a quota of all is used up here; who
// calls here waits for what that brings, or for a signal. A run that is to end because of another
// rank ends as by signals of its user (SignalWatch::end_run()).
class Fleet {
 public:
  using OpenPost = std::function<std::unique_ptr<Post>()>;

  // `open`: called on the thread that then uses the post. `patience`: from a SIGTERM, which comes
  // from whoever started all ranks, until that kills them. Throws Fatal.
  Fleet(const OpenPost& open, threads::SignalWatch& signals, Duration patience);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;
  // Where the run was not closed, nobody is waited for.
  ~Fleet();

  [[nodiscard]] unsigned rank() const { return rank_; }
  [[nodiscard]] unsigned ranks() const { return ranks_; }

  // Rank 0: hands `opening` to all; they may begin from `earliest` on.
  void open(std::string opening, std::optional<std::chrono::system_clock::time_point> earliest);
  // Another: waits for that; nothing where the run is to end before.
  std::optional<std::string> opening();

  // Rank 0: the same for several runs one after the other, of which hand_out() tells each when the
  // one before is gathered.
  void open_several(std::string opening);
  void hand_out(const std::string& run);
  // Another: waits for that; nothing where there is no other. What it has measured goes out by
  // deliver().
  std::optional<std::string> next();

  // Could begin: waits for all others. When they begin, by the clock here; nothing where the run is
  // to end before, among it one in which not all have the same load.
  std::optional<std::chrono::system_clock::time_point> agree(const Readiness& own);

  // The run of this rank is over: nothing is under way that the second signal could give up. Comes
  // before its report is made, which takes a while; gather(), hand_in() and fail() do the same.
  void end_running();

  // Another than rank 0: has it tell the user.
  void say(std::string_view line);
  // Another: tells rank 0 of a second of its run.
  void tell(const metrics::Second& second);
  // Quotas that all have together, of which workers of this rank take from `shares`, which must
  // outlive the run. Rank 0 says how much each of them is, before it opens the run: others ask at
  // once. Once all are told to end nobody waits for more.
  void share(QuotaShares shares, const std::vector<std::uint64_t>& quotas = {});
  // Another: tells rank 0 what it has counted so far.
  void count(const std::string& counts);
  // Rank 0: what it knows of all, by rank.
  std::vector<RankState> known();
  // Rank 0: what was to be done is done: all end.
  void end_all();

  // Rank 0: Lead::seconds_of_all().
  std::optional<metrics::Second> seconds_of_all(const metrics::Second& own);

  // Rank 0: its run is over; waits for what the others have measured. `end`: how often they are to
  // be told to end therefore.
  std::vector<RankState> gather(unsigned end);
  // The same, and of several runs there is no other: who is still there, and what became of the
  // rest.
  std::vector<RankState> finish(unsigned end);
  // Rank 0: all is reported. Whether all ranks were there to the end, which they are asked once
  // more.
  bool close();

  // Another: hands in what it has measured, or why it has nothing, and waits until all is reported.
  // Whether rank 0 was there to the end.
  bool hand_in(unsigned end, const std::string& result);
  bool fail(const std::string& why);
  // The same in two steps, where several runs are between them.
  void deliver(unsigned end, const std::string& result);
  bool wait_for_over();

 private:
  // What this process is about, in this order.
  enum class Phase : std::uint8_t {
    assembling,  // all are waited for
    running,     // nothing is urgent
    reporting,   // the run of this rank is over: nothing is left to be told to end
    leaving,     // no more letters
    closing,     // the same, and all ranks close the post together
  };

  void serve(const OpenPost& open);
  void take_what_was_said();
  void say_to_user();
  void say_farewell(Post& post) const;
  void receive(Post& post);
  void take_signals(TimePoint now);
  void end_run(unsigned times);
  void ask_for_quotas();
  void take_of_quota(const Letter& letter);
  void tell_of_quota(Letter letter);
  [[nodiscard]] bool awaits_quota();
  std::vector<Addressed> take_letters();
  void send(Post& post);
  void wait_until_in(std::unique_lock<std::mutex>& lock, unsigned end);
  void hand_out_opening(Post& post);
  bool wait_for_over(std::unique_lock<std::mutex>& lock);

  [[nodiscard]] Lead& lead() { return std::get<Lead>(self_); }
  [[nodiscard]] Follower& follower() { return std::get<Follower>(self_); }

  threads::SignalWatch& signals_;
  const Duration patience_;
  unsigned rank_ = 0;
  unsigned ranks_ = 1;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::variant<std::monostate, Lead, Follower> self_;
  QuotaShares shares_;
  std::exception_ptr failure_;  // of the post
  Phase phase_ = Phase::assembling;
  bool is_terminated_ = false;      // a SIGTERM was taken
  std::deque<std::string> unsaid_;  // to the user; of the thread alone
  std::thread thread_;
};

}  // namespace millrace::fleet
