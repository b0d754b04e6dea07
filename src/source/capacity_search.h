#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

namespace millrace::source {

// Where the highest level that a server holds is looked for. Levels are rates or numbers of
// sessions, above 0.
struct CapacityRange {
  double low = 1;
  double high = 1;           // at least `low`
  double resolution = 0.05;  // a share: how far apart what held and what did not may be in the end
  bool whole = false;        // only whole numbers are levels; else such of three digits
};

// What a probe is to find out: whether the level holds; and behind all others, for longer, whether
// it does so for good.
struct Probe {
  double level = 0;
  bool confirms = false;
};

// What a probe found.
enum class ProbeOutcome : std::uint8_t {
  held,
  missed,
  late,  // the generator itself was: nothing follows
};

// What set the limit that was found.
enum class CapacityLimit : std::uint8_t {
  server,
  generator,  // it was late there, and nothing is known of the server
  range,      // none was found up to its end
  unknown,    // the search was ended before
};

struct CapacityAnswer {
  std::optional<double> level;  // the highest that was confirmed, else that held; none did
  bool confirmed = false;
  CapacityLimit limit = CapacityLimit::unknown;
  std::optional<double>
      limited_at;  // the lowest that did not hold, or where the generator was late
};

// Searches the highest level that holds: which level is to be probed next, given what the probes so
// far have found. It doubles the level until one does not hold, halves the interval between what
// held and what did not, and then confirms. Noise is met by repeating: that a level does not hold
// is said by two probes of three, and near the edge that it does, too. A confirmation is decided by
// one probe. Behind one that failed all probes are such: they go down by steps that double, and
// halve again. What the server did only for a while is met at the end: the lowest level that did
// not hold is looked at once more, and where it holds now the search goes on above. A level that
// was confirmed stays the answer until a higher one is. Knows no clock and no server.
class CapacitySearch {
 public:
  explicit CapacitySearch(const CapacityRange& range);

  // The probe that is to be made, or the answer.
  [[nodiscard]] std::variant<Probe, CapacityAnswer> next() const;

  // What that probe found. Not behind the answer.
  void found(ProbeOutcome outcome);

  // The answer so far, for who ends the search before it.
  [[nodiscard]] CapacityAnswer so_far() const;

 private:
  struct Votes {
    unsigned held = 0;
    unsigned missed = 0;
    unsigned late = 0;
  };

  void vote();
  void confirmed();
  void not_confirmed();
  void look_again(bool held);
  void level_held();
  void go_on();
  void go_on_above();
  void end_of_way();
  void probe(double level, bool confirms);
  void end(CapacityLimit limit);
  [[nodiscard]] std::optional<double> lowest_missed() const;
  [[nodiscard]] std::optional<double> best_known(
      double at_most = std::numeric_limits<double>::infinity()) const;
  [[nodiscard]] bool near_edge() const;
  [[nodiscard]] double rounded(double level) const;
  [[nodiscard]] std::optional<double> between(double held) const;

  const CapacityRange range_;
  Probe probe_;
  bool looks_again_ = false;         // the probe is of the lowest level that did not hold
  Votes votes_;                      // of the probes at this level so far
  std::optional<double> held_;       // the highest that did
  std::optional<double> confirmed_;  // the highest that was
  std::vector<double> held_once_;    // all that did, though perhaps not for long enough
  std::vector<Probe> missed_;        // what did not, each below the one before
  unsigned not_confirmed_ = 0;       // how often in a row
  std::optional<CapacityAnswer> answer_;
};

}  // namespace millrace::source
