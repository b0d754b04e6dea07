#include "sink/verify/verification.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/diagnostics.h"
#include "base/ready.h"
#include "proof/stamp_key.h"

namespace millrace::sink {
namespace {

constexpr std::size_t kMostListeners = 256;  // by name

double in_milliseconds(std::uint64_t microseconds) {
  return static_cast<double>(microseconds) / 1e3;
}

// How many messages there is anything to tell of.
std::uint64_t told_of(const metrics::VerifyCounts& counts) {
  return counts.seen + counts.unrecorded;
}

// What the journal says of itself.
proof::JournalHeader header_of(const VerifyOptions& options) {
  proof::JournalHeader header = proof::header_now(proof::Side::taken, proof::random_run());
  header.unchecked = options.key ? 0 : 1;
  return header;
}

}  // namespace

std::string describe(const metrics::VerifyMetrics& found) {
  const metrics::VerifyCounts& counts = found.counts;
  std::string text = fmt::format(
      "verify: {} seen, {} duplicated, {} altered, {} bounced, {} unstamped, {} malformed, {} "
      "forged",
      counts.seen, counts.duplicated, counts.altered(), counts.bounced, counts.unstamped,
      counts.malformed, counts.forged);
  if (counts.unrecorded > 0) text += fmt::format(", {} not recorded", counts.unrecorded);
  if (!found.from_due.empty()) {
    text += fmt::format("; from due p50 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms",
                        in_milliseconds(found.from_due.percentile(0.5)),
                        in_milliseconds(found.from_due.percentile(0.99)),
                        in_milliseconds(found.from_due.most()));
  }
  if (!found.checked) text += "; stamps unchecked, for want of a key";
  return text;
}

Verification::Verification(const VerifyOptions& options, const std::vector<OpenListener>& listeners,
                           const std::vector<std::string>& addresses)
    : trust_{.key = options.key, .run = std::nullopt},
      journal_(options.journal, header_of(options), options.sync),
      next_line_(Clock::now() + kInterval) {
  total_.checked = trust_.key.has_value();
  const auto name = [this](proof::NameOf what, std::size_t index, std::string_view text) {
    const int error = journal_.name(what, static_cast<std::uint16_t>(index), text);
    if (error != 0) throw Fatal(describe_error("write " + journal_.path(), error));
  };
  for (const OpenListener& listener : listeners) {
    if (listeners_.size() == kMostListeners) break;
    name(proof::NameOf::listener, listeners_.size(), listener.name);
    listeners_.push_back(listener.name);
  }
  for (std::size_t place = 0; place < std::min(addresses.size(), kMostListeners); ++place) {
    name(proof::NameOf::address, place, addresses[place]);
  }
}

std::uint8_t Verification::listener(std::string_view name) const {
  const auto found = std::find(listeners_.begin(), listeners_.end(), name);
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(found - listeners_.begin()),
                                           std::numeric_limits<std::uint8_t>::max());
  return static_cast<std::uint8_t>(index);
}

proof::Micros Verification::time(TimePoint moment) const {
  const auto since_boot = std::chrono::duration_cast<proof::Micros>(moment.time_since_epoch());
  return std::max(since_boot - proof::Micros(journal_.header().start_monotonic), proof::Micros(0));
}

void Verification::add(const metrics::VerifyMetrics& found, const RunsProgress& runs) {
  const std::lock_guard lock(mutex_);
  total_.add(found);
  for (std::size_t run = 0; run < runs.size(); ++run) runs_[run].add(runs[run]);
}

metrics::VerifyMetrics Verification::found_so_far() {
  const std::lock_guard lock(mutex_);
  return total_;
}

RunsProgress Verification::runs_so_far() {
  const std::lock_guard lock(mutex_);
  return runs_;
}

void Verification::failed(int error) {
  if (told_failure_.exchange(true)) return;
  const std::string what =
      "messages are refused with 452, since they cannot be recorded in " + journal_.path();
  warn(error == EOVERFLOW ? what + ": it has as many runs as a journal can have, 255"
                          : describe_error(what, error));
}

TimePoint Verification::tell(TimePoint now) {
  if (now < next_line_) return next_line_;
  next_line_ = now + kInterval;
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(told_, told_of(total_.counts)) == told_of(total_.counts)) return next_line_;
    line = describe(total_);
  }
  if (ready_for_output(STDERR_FILENO)) inform(line);
  return next_line_;
}

bool Verification::finish() {
  const int error = journal_.close();
  if (error != 0) {
    warn(describe_error("the journal " + journal_.path() + " is not ended in order", error));
  }
  inform(describe(total_));
  return error == 0;
}

}  // namespace millrace::sink
