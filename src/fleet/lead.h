#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "fleet/clock_offset.h"
#include "fleet/live_seconds.h"
#include "fleet/post.h"
#include "fleet/quota_pool.h"

namespace millrace::fleet {

// So often a rank lets others know that it is there; silent for so long it is taken for gone.
inline constexpr std::chrono::milliseconds kBeat{500};
inline constexpr std::chrono::milliseconds kSilence{5'000};
// Letters that may lie unread by a rank before no more are sent that it can do without.
inline constexpr unsigned kUnread = 4;
// Of what all are sent, bytes in a letter: each rank hears one a second where a thousand of them
// share a gigabit a second.
inline constexpr std::size_t kPiece = 128 * 1024;

// From the moment that a run must end: until when it is reported, whoever is in by then. The others
// may finish what they have begun in the first half of that, and then have to give it up.
inline constexpr std::chrono::milliseconds kHaste{3'000};

// In a run that must end, so long a rank has to say once more that it is there.
inline constexpr std::chrono::milliseconds kRollCall{250};

// So long somebody is waited for until the user is told whom, and then each time again.
inline constexpr std::chrono::seconds kUntold{10};

// Older than this, how far clocks are apart is measured anew before a start: they drift.
inline constexpr std::chrono::seconds kFresh{10};

// From when all could begin until they do: letters have to arrive, and threads to be awake.
inline constexpr std::chrono::milliseconds kHeadStart{300};

// A moment by both clocks of this host.
struct Moment {
  TimePoint here;
  Microseconds wall{};  // since 1970

  static Moment now();
};

// What a rank says that could begin.
struct Readiness {
  std::string host;  // its name
  std::string load;  // what tells what it will send from what others will: a word, the same for all
};

// What rank 0 knows of another rank.
struct RankState {
  std::optional<std::string> host;    // that it is ready on; nothing where it never was
  std::string load;                   // Readiness::load
  OffsetMeter clock;                  // of that
  TimePoint compared;                 // when that was done last
  std::optional<std::string> result;  // that it has sent
  std::string trouble;                // what became of it instead: "was not heard of for 5 s"
  bool is_cause = true;               // of the end of the run; false: it had to end before
  std::string counts;                 // what it had counted when it told so last
  TimePoint counted;                  // when that was
  TimePoint heard;                    // when it was heard of last
  bool is_silent = false;             // for too long since
  bool is_given_up = false;           // not waited for any more, be it heard of again or not

  // Nothing more is to be waited for.
  [[nodiscard]] bool is_in() const { return result || !trouble.empty(); }
};

// What rank 0 does: hands out, has all begin at one moment and end in order, and takes in what they
// have measured; once, or for several runs one after the other. Who is silent is left out and ends
// the run of all, and there is no other. Without a clock and threads of its own.
class Lead {
 public:
  Lead(unsigned ranks, TimePoint now);

  // What goes to all others, once; not empty. `earliest`: when they may begin, by the clock here.
  void open(std::string opening, std::optional<Microseconds> earliest);
  // Whether there is more of it for a rank than that was sent, and what comes next of it.
  [[nodiscard]] bool has_piece(unsigned rank) const;
  Piece take_piece(unsigned rank);
  // There are several runs: none before next().
  void await_next() { out_ = Out::none; }
  [[nodiscard]] bool has_several() const { return out_ != Out::only; }
  // The next of them, where all are in of the one before.
  void next(const std::string& run, TimePoint now);
  // That one is over, and all are in.
  void rest();
  // There is no other: has all say that they are there, who are in then.
  void call_roll(TimePoint now) { hand_out({}, now); }
  // They have said so: there is nothing left to do.
  void retire() { out_ = Out::only; }
  // This rank could begin; with this Readiness::load.
  void ready(std::string load);
  // The run of this rank is over. `end`: how often the others are to be told to end therefore.
  void over(unsigned end);
  // The user wants it to end. `patience`: until it is killed; nothing where it will not be.
  void interrupt(TimePoint now, std::optional<Duration> patience);
  // What was to be done is done: all are told to end.
  void end_all() { order(1); }
  // All is reported: has all say that they are there, and nothing becomes of who does not but that
  // it is_silent.
  void ask_once_more(TimePoint now);
  // Quotas that all have together.
  void share(const std::vector<std::uint64_t>& quotas);
  // What a rank, this one too, says of one of them.
  void take_of_quota(const Addressed& got);

  void take(const Addressed& got, Moment now);
  void turn(Moment now);
  // What goes out, in order. Of quotas this rank is told like the others.
  std::vector<Addressed> letters();
  // What others said, for the user, and what there is to say of them, which is by rank 0.
  std::vector<Addressed> said();
  // This rank's run has come to the end of a second: what all have measured before that one, and
  // was not told yet. A second back, so that the others' had time to come.
  std::optional<metrics::Second> seconds_of_all(const metrics::Second& own);

  // When it begins, by the clock here; nothing while that is open.
  [[nodiscard]] std::optional<Microseconds> start() const { return start_; }
  // How often the run of this rank is to be told to end.
  [[nodiscard]] unsigned end() const { return end_; }
  // All others have sent what they measured in the run that is made, or will not.
  [[nodiscard]] bool all_in() const;
  // None has failed so far.
  [[nodiscard]] bool is_well() const;
  // All are there, to the last.
  [[nodiscard]] bool whole() const;
  // They have said so behind ask_once_more(), or are silent.
  [[nodiscard]] bool all_answered() const;
  // A rank waits to be told how much of a quota is left.
  [[nodiscard]] bool deals_with_quotas() const;
  // By rank; the first is this one, of which nothing is told.
  [[nodiscard]] const std::vector<RankState>& ranks() const { return ranks_; }

  // Nothing more is to come: tells the others.
  void close();

 private:
  // Which run is handed out.
  enum class Out : std::uint8_t { only, one_of_several, none };

  void send(unsigned rank, Subject subject, std::string text);
  void hand_out(const std::string& run, TimePoint now);
  void order(unsigned times);
  void hasten(TimePoint now, Duration length);
  void lose(RankState& rank, TimePoint now);
  [[nodiscard]] bool is_missed(const RankState& rank) const;
  [[nodiscard]] TimePoint silent_at(const RankState& rank) const;
  void look_for_silence(TimePoint now);
  void compare_clock(unsigned rank, Moment now);
  bool are_clocks_known(Moment now);
  [[nodiscard]] bool have_all_the_load();
  void begin_together(Moment now);
  [[nodiscard]] std::string awaited() const;
  void tell_of_awaited(TimePoint now);
  void hand_out_quotas();

  std::vector<RankState> ranks_;
  std::vector<Addressed> letters_;
  std::vector<Addressed> said_;
  LiveSeconds seconds_;
  std::shared_ptr<const std::string> opening_;  // until all others have it
  std::vector<std::size_t> sent_;               // of that, bytes to each of them, while it is there
  Out out_ = Out::only;
  std::vector<QuotaPool> pools_;
  std::optional<Microseconds> earliest_;
  bool is_ready_ = false;
  std::string load_;      // of this rank
  bool is_over_ = false;  // the run of this rank
  TimePoint told_;        // of who is awaited, or nobody was
  std::optional<Microseconds> start_;
  unsigned end_ = 0;
  struct Haste {
    TimePoint since;
    Duration length;
  };
  std::optional<Haste> haste_;
  std::optional<TimePoint> asked_;  // once more
  TimePoint next_beat_;
};

}  // namespace millrace::fleet
