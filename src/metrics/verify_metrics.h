#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "metrics/histogram.h"
#include "metrics/metrics.h"

namespace millrace::metrics {

// What a sink that verifies found of the messages that it took: each counts once, whatever the
// number of its recipients.
struct VerifyCounts {
  std::uint64_t seen = 0;     // messages that were taken: the sum of the next fourteen
  std::uint64_t bounced = 0;  // reports that a stamped message was given up
  std::uint64_t reports = 0;  // that tell anything else of one: of a delay, of success
  // What became of a content, as `smtp-report reconcile` has it; the last three have no stamp that
  // can be believed.
  std::uint64_t same = 0;
  std::uint64_t headers_added = 0;
  std::uint64_t refolded = 0;
  std::uint64_t blanks_changed = 0;
  std::uint64_t re_encoded = 0;
  std::uint64_t footer_added = 0;
  std::uint64_t headers_changed = 0;
  std::uint64_t truncated = 0;
  std::uint64_t body_changed = 0;
  std::uint64_t unstamped = 0;
  std::uint64_t malformed = 0;
  std::uint64_t forged = 0;

  std::uint64_t recipients = 0;   // for whom they were taken
  std::uint64_t duplicated = 0;   // of those seen: a message of that number had come before
  std::uint64_t not_counted = 0;  // of those seen: no room to tell whether it had
  std::uint64_t other_runs = 0;   // of those seen: of another run than the first
  std::uint64_t unrecorded = 0;   // besides: refused, since they could not be put on record

  [[nodiscard]] std::uint64_t altered() const {
    return footer_added + headers_changed + truncated + body_changed;
  }
  void add(const VerifyCounts& other);
};

// A row a count, as kCounterNames has them.
inline constexpr std::array<CountName<VerifyCounts>, 20> kVerifyCountNames = {{
    {"seen", &VerifyCounts::seen},
    {"bounced", &VerifyCounts::bounced},
    {"reports", &VerifyCounts::reports},
    {"same", &VerifyCounts::same},
    {"headers_added", &VerifyCounts::headers_added},
    {"refolded", &VerifyCounts::refolded},
    {"blanks_changed", &VerifyCounts::blanks_changed},
    {"re_encoded", &VerifyCounts::re_encoded},
    {"footer_added", &VerifyCounts::footer_added},
    {"headers_changed", &VerifyCounts::headers_changed},
    {"truncated", &VerifyCounts::truncated},
    {"body_changed", &VerifyCounts::body_changed},
    {"unstamped", &VerifyCounts::unstamped},
    {"malformed", &VerifyCounts::malformed},
    {"forged", &VerifyCounts::forged},
    {"recipients", &VerifyCounts::recipients},
    {"duplicated", &VerifyCounts::duplicated},
    {"not_counted", &VerifyCounts::not_counted},
    {"other_runs", &VerifyCounts::other_runs},
    {"unrecorded", &VerifyCounts::unrecorded},
}};

struct VerifyMetrics {
  bool checked = false;  // there was a key for the tags of stamps
  VerifyCounts counts;
  // From when a message was due, and from when it was sent, by the sender's clock, to when it was
  // taken; of those with a stamp that are no reports.
  Histogram from_due;
  Histogram from_sent;

  // What another sink found, or another thread: checked where both are.
  void add(const VerifyMetrics& other);
};

// Adds what there is of one to a sum, which there may not be yet.
void add_verified(std::optional<VerifyMetrics>& sum, const std::optional<VerifyMetrics>& verified);

}  // namespace millrace::metrics
