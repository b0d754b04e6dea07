#include "sink/verify/verifier.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "sink/verify/verify_observer.h"

namespace millrace::sink {
namespace {

using metrics::VerifyCounts;

// How often what a thread has counted is given to all.
constexpr std::chrono::seconds kGiven{1};

// Records of one block: what is not in the same block may share its fate no longer.
constexpr std::size_t kMostWaiting =
    (proof::kMostBlock - sizeof(proof::BlockHeader)) / sizeof(proof::PackedTaken) - 1;

constexpr std::array<std::uint64_t VerifyCounts::*, proof::kTakenVerdicts> kByVerdict = {
    &VerifyCounts::same,
    &VerifyCounts::headers_added,
    &VerifyCounts::refolded,
    &VerifyCounts::blanks_changed,
    &VerifyCounts::re_encoded,
    &VerifyCounts::footer_added,
    &VerifyCounts::headers_changed,
    &VerifyCounts::truncated,
    &VerifyCounts::body_changed,
    &VerifyCounts::unstamped,
    &VerifyCounts::malformed,
    &VerifyCounts::forged,
};

}  // namespace

Verifier::Verifier(Verification& shared, net::EventLoop& loop, std::function<void()> settle)
    : shared_(shared),
      loop_(loop),
      settle_(std::move(settle)),
      writer_(shared.journal()),
      timer_(*this) {
  interval_.checked = shared.trust().key.has_value();
}

std::unique_ptr<MessageCheck> Verifier::lend() {
  if (idle_.empty()) return std::make_unique<MessageCheck>(shared_.trust());
  std::unique_ptr<MessageCheck> check = std::move(idle_.back());
  idle_.pop_back();
  return check;
}

// A block that fills would be written before it is decided whether its messages are taken: what
// waits is decided before. A message with more records than a block has room for waits apart.
void Verifier::begin(std::size_t records) {
  const std::size_t waiting = writer_.waiting() + apart_.size();
  if (waiting > 0 && waiting + records > kMostWaiting) settle_();
  begun_ = records;
  // A turn has one time; each message of it took longer than a microsecond.
  taken_ = std::max(shared_.time(loop_.now()), taken_ + proof::Micros(1));
}

void Verifier::add(proof::TakenRecord& record) {
  record.taken = taken_;
  if (begun_ > kMostWaiting) return apart_.push_back(record);
  writer_.add(record, {});
}

bool Verifier::run_index(const proof::RunId& run, std::uint8_t& index) {
  const int error = writer_.run_index(run, index);
  if (error == 0) return true;
  shared_.failed(error);
  return false;
}

bool Verifier::write(bool keep) {
  int error = 0;
  if (keep) {
    for (const proof::TakenRecord& record : std::exchange(apart_, {})) {
      if (error == 0) error = writer_.add(record, {});
    }
    if (error == 0) error = writer_.flush();
    if (error != 0) shared_.failed(error);
  }
  apart_.clear();
  writer_.discard();
  return keep && error == 0;
}

void Verifier::decide(bool kept) {
  for (VerifyObserver* const observer : undecided_) observer->decided(kept);
  undecided_.clear();
}

void Verifier::count(const Found& found, std::uint8_t run, std::size_t recipients,
                     bool told_apart) {
  counted();
  VerifyCounts& counts = interval_.counts;
  ++counts.seen;
  counts.recipients += recipients;
  if (run > 1) ++counts.other_runs;
  if (found.kind != Found::Kind::message) {
    ++(found.kind == Found::Kind::bounce ? counts.bounced : counts.reports);
    return;
  }
  ++(counts.*kByVerdict.at(static_cast<std::size_t>(found.verdict)));
  if (!is_stamped(found.verdict)) return;
  if (!told_apart) {
    const SeenNumbers::Answer answer = shared_.seen().take(run, found.number);
    if (answer == SeenNumbers::Answer::first) runs_.at(run - 1U).take(found.run, found.number);
    if (answer == SeenNumbers::Answer::again) ++counts.duplicated;
    if (answer == SeenNumbers::Answer::unknown) ++counts.not_counted;
  }
  const std::int64_t taken = shared_.on_wall(shared_.time(loop_.now()));
  const auto since = [taken](std::uint64_t moment) {
    return std::chrono::microseconds(taken - static_cast<std::int64_t>(moment));
  };
  interval_.from_due.record(since(found.due));
  interval_.from_sent.record(since(found.sent));
}

void Verifier::count_unrecorded() {
  counted();
  ++interval_.counts.unrecorded;
}

void Verifier::counted() {
  if (std::exchange(counting_, true)) return;
  loop_.timers().start(timer_, loop_.now() + kGiven);
}

void Verifier::on_timer(net::Timer& /*timer*/) { finish(); }

void Verifier::finish() {
  if (!std::exchange(counting_, false)) return;
  shared_.add(interval_, runs_);
  interval_.counts = {};
  interval_.from_due.clear();
  interval_.from_sent.clear();
  runs_ = {};
}

}  // namespace millrace::sink
