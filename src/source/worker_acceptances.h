#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "source/delivery.h"
#include "source/end_to_end_match.h"
#include "source/shared_load.h"

namespace millrace::source {

// What one worker tells of what was asked of the server and of what that accepts. Another thread
// takes it now and then.
class WorkerAcceptances final : public DeliveryObserver {
 public:
  // Of the run that begins: before its workers go. The load must outlive the run.
  void begin(const SharedLoad& load) { load_ = &load; }

  void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                 TimePoint now) override;

  // Adds all since the last time to the match.
  void tell(EndToEndMatch& match);

 private:
  const SharedLoad* load_ = nullptr;
  std::vector<std::uint64_t> accepted_;  // storage: copies of each transaction of a delivery
  std::mutex mutex_;                     // over the next two
  std::uint64_t asked_ = 0;
  std::vector<AcceptedCopies> copies_;
  std::vector<AcceptedCopies> told_;  // storage
};

}  // namespace millrace::source
