#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mail/workload.h"
#include "metrics/measurement.h"
#include "metrics/split_table.h"
#include "source/delivery.h"
#include "source/recipient_domain.h"
#include "source/shared_load.h"

namespace millrace::source {

// What one thread measures of a run's kinds, senders and domains, where the workload has several of
// them. Messages are counted as the Recorder counts them, which tells of each; recipients as the
// Delivery of an attempt says. What is due in the warm-up is left out.
class SplitRecorder final : public DeliveryObserver {
 public:
  // How many names a thread tells apart. An entry of a sender or a domain takes about 4 KiB, one of
  // a kind, whose latencies are as precise as the run's, about 50.
  static constexpr std::size_t kMostNames = 4'096;  // senders; domains
  static constexpr std::size_t kMostKinds = 256;

  // Both must outlive the recorder. `retries`: whether messages come back.
  SplitRecorder(const mail::Workload& workload, const SharedLoad& load, bool retries);

  // Whether there is anything to split in such a run.
  static bool splits(const mail::Workload& workload);

  // The message was delivered; or it was not, and the counter says what became of it.
  void taken(std::uint64_t message, TimePoint intended, TimePoint taken);
  void failed(std::uint64_t message, TimePoint intended, std::uint64_t metrics::Counters::*counter);
  // An attempt at it sent all of the content and got neither yes nor no to it.
  void in_doubt(std::uint64_t message, TimePoint intended);

  void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                 TimePoint now) override;

  // Adds what another thread has measured, of which nothing is left.
  void take(SplitRecorder& other);
  // What all of it comes to; once.
  void tell(metrics::Measurement& whole);

 private:
  template <typename Latency>
  using MessageTable = metrics::SplitTable<metrics::MessageCounts, Latency>;

  template <typename Action>
  void each_entry(std::uint64_t message, TimePoint intended, Action action);
  [[nodiscard]] bool measured(TimePoint intended) const;

  const mail::Workload& workload_;
  const SharedLoad& load_;
  const bool retries_;
  const bool warm_up_;  // some of the schedule is not measured
  std::optional<MessageTable<metrics::Histogram>> kinds_;
  std::optional<MessageTable<metrics::CoarseHistogram>> senders_;
  std::optional<metrics::SplitTable<metrics::RecipientCounts, metrics::CoarseHistogram>> domains_;
  std::string name_;  // storage for texts
  RecipientDomain domain_;
};

}  // namespace millrace::source
