#pragma once

#include <chrono>
#include <condition_variable>
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
#include "threads/signal_watch.h"

namespace millrace::fleet {

// The processes of a run, as one of them sees them. A thread of its own reads and writes all
// letters, so that workers never wait for another host; who calls here waits for what that brings,
// or for a signal. A run that is to end because of another rank is ended by signals to this
// process, as its user would.
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
  void open(const std::string& opening,
            std::optional<std::chrono::system_clock::time_point> earliest);
  // Another: waits for that; nothing where the run is to end before.
  std::optional<std::string> opening();

  // Could begin: waits for all others. When they begin, by the clock here; nothing where the run is
  // to end before.
  std::optional<std::chrono::system_clock::time_point> agree(const std::string& host);

  // Another than rank 0: has it tell the user.
  void say(std::string_view line);

  // Rank 0: its run is over; waits for what the others have measured. `end`: how often they are to
  // be told to end therefore.
  std::vector<RankState> gather(unsigned end);
  // Rank 0: all is reported. Whether all ranks were there to the end.
  bool close();

  // Another: hands in what it has measured, or why it has nothing, and waits until all is reported.
  // Whether rank 0 was there to the end.
  bool hand_in(unsigned end, const std::string& result);
  bool fail(const std::string& why);

 private:
  void serve(const OpenPost& open);
  void receive(Post& post, Moment now);
  void take_signals(TimePoint now);
  void end_run(unsigned times, TimePoint now);
  std::vector<Addressed> take_letters();
  void send(Post& post);
  bool wait_for_over(std::unique_lock<std::mutex>& lock);
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition);

  [[nodiscard]] Lead& lead() { return std::get<Lead>(self_); }
  [[nodiscard]] Follower& follower() { return std::get<Follower>(self_); }

  threads::SignalWatch& signals_;
  const Duration patience_;
  unsigned rank_ = 0;
  unsigned ranks_ = 1;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::variant<std::monostate, Lead, Follower> self_;
  std::exception_ptr failure_;  // of the post
  bool is_at_work_ = false;     // the run has begun and is not over: nothing is urgent
  bool is_over_ = false;        // this rank's run
  bool is_leaving_ = false;     // the thread is to end
  bool is_closing_ = false;     // and the post is to be closed
  unsigned told_ = 0;           // signals that this process has been sent from here
  TimePoint told_at_;
  std::thread thread_;
};

}  // namespace millrace::fleet
