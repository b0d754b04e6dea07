#include "net/wake_up.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

FileDescriptor make_event() {
  FileDescriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) throw Fatal(describe_error("eventfd", errno));
  return event;
}

}  // namespace

WakeUp::WakeUp() : WakeUp(make_event()) {}

WakeUp::WakeUp(FileDescriptor event) : PollHandle(event.descriptor()), event_(std::move(event)) {}

void WakeUp::attach(EventLoop& loop, std::function<void()> action) {
  loop_ = &loop;
  action_ = std::move(action);
  loop.watch(*this);
}

void WakeUp::wake() const { eventfd_write(event_.descriptor(), 1); }

void WakeUp::on_readable() {
  eventfd_t ignored = 0;
  eventfd_read(event_.descriptor(), &ignored);
  loop_->watch(*this);
  action_();
}

}  // namespace millrace::net
