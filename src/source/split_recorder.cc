#include "source/split_recorder.h"

#include <algorithm>
#include <array>

namespace millrace::source {
namespace {

using metrics::RecipientCounts;

constexpr std::string_view kNullSender = "<>";

// A row a fate that an attempt ends with.
struct FateCounter {
  Fate fate;
  std::uint64_t RecipientCounts::*counter;
};
constexpr auto kFateCounters = std::to_array<FateCounter>({
    {Fate::accepted, &RecipientCounts::accepted},
    {Fate::deferred, &RecipientCounts::deferred},
    {Fate::refused, &RecipientCounts::refused},
    {Fate::in_doubt, &RecipientCounts::in_doubt},
    {Fate::lost, &RecipientCounts::lost},
});

std::uint64_t RecipientCounts::*counter_of(Fate fate) {
  for (const FateCounter& row : kFateCounters) {
    if (row.fate == fate) return row.counter;
  }
  return &RecipientCounts::lost;
}

bool all_measured(const Schedule& schedule) {
  return std::all_of(schedule.stages().begin(), schedule.stages().end(),
                     [](const Stage& stage) { return stage.measured; });
}

}  // namespace

SplitRecorder::SplitRecorder(const mail::Workload& workload, const SharedLoad& load, bool retries)
    : workload_(workload),
      load_(load),
      retries_(retries),
      warm_up_(!all_measured(load.schedule())) {
  const mail::Workload::Variety variety = workload.variety();
  if (variety.kinds) kinds_.emplace(kMostKinds);
  if (variety.senders) senders_.emplace(kMostNames);
  if (variety.domains) domains_.emplace(kMostNames);
}

bool SplitRecorder::splits(const mail::Workload& workload) {
  const mail::Workload::Variety variety = workload.variety();
  return variety.kinds || variety.senders || variety.domains;
}

// By the moment when it was due, as all that is counted of a message.
bool SplitRecorder::measured(TimePoint intended) const {
  if (!warm_up_) return true;
  const Schedule& schedule = load_.schedule();
  return schedule.stages()[schedule.stage_at(intended - load_.start())].measured;
}

// What is counted of a message is counted for its kind and for its sender.
template <typename Action>
void SplitRecorder::each_entry(std::uint64_t message, TimePoint intended, Action action) {
  if (!measured(intended)) return;
  if (kinds_) action((*kinds_)[workload_.kind_name(message)]);
  if (!senders_) return;
  name_.clear();
  workload_.append_sender(message, name_);
  action((*senders_)[name_.empty() ? kNullSender : name_]);
}

void SplitRecorder::taken(std::uint64_t message, TimePoint intended, TimePoint taken) {
  each_entry(message, intended, [&](auto& entry) {
    ++entry.counts.counters.delivered;
    entry.latency.record(taken - intended);
  });
}

void SplitRecorder::failed(std::uint64_t message, TimePoint intended,
                           std::uint64_t metrics::Counters::*counter) {
  each_entry(message, intended, [&](auto& entry) { ++(entry.counts.counters.*counter); });
}

void SplitRecorder::in_doubt(std::uint64_t message, TimePoint intended) {
  each_entry(message, intended, [](auto& entry) { ++entry.counts.counters.in_doubt; });
}

void SplitRecorder::delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                              TimePoint now) {
  if (!measured(delivery.intended)) return;
  if (kinds_) (*kinds_)[delivery.kind].counts.content_bytes += delivery.content_sent;
  if (!domains_) return;
  // The run does not count whom a message was taken for that it counts as lost, or as unfinished.
  const bool uncounted = retries_ ? delivery.ending == Delivery::Ending::abandoned
                                  : delivery.ending != Delivery::Ending::over;
  for (std::size_t place = 0; place < delivery.recipients.size(); ++place) {
    Fate fate = delivery.recipients[place].fate;
    if (fate == Fate::accepted && uncounted) fate = Fate::lost;
    auto& entry = (*domains_)[domain_.of(messages, delivery.message, place)];
    ++(entry.counts.*counter_of(fate));
    if (fate == Fate::accepted) entry.latency.record(now - delivery.intended);
  }
}

void SplitRecorder::take(SplitRecorder& other) {
  if (kinds_) kinds_->take(std::move(*other.kinds_));
  if (senders_) senders_->take(std::move(*other.senders_));
  if (domains_) domains_->take(std::move(*other.domains_));
}

void SplitRecorder::tell(metrics::Measurement& whole) {
  if (kinds_) whole.kinds = kinds_->take_split();
  if (domains_) whole.domains = domains_->take_split();
  if (senders_) whole.senders = senders_->take_split();
}

}  // namespace millrace::source
