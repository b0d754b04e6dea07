#pragma once

#include <functional>

#include "net/event_loop.h"

namespace millrace::net {

// Lets any thread call a loop's attention: `action` runs on the loop's thread, once or more
// often, after each wake().
class WakeUp final : public PollHandle {
 public:
  // Throws Fatal when there is no descriptor left.
  WakeUp();

  // Begins to watch; to be called on the loop's thread. Until then wakes are kept.
  void attach(EventLoop& loop, std::function<void()> action);

  // From any thread.
  void wake() const;

 private:
  explicit WakeUp(FileDescriptor event);

  void on_readable() override;

  FileDescriptor event_;
  EventLoop* loop_ = nullptr;
  std::function<void()> action_;
};

}  // namespace millrace::net
