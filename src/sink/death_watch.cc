#include "sink/death_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

// In the child: until the other end of the pipe is closed.
void await_death(int pipe) {
  setsid();  // what is sent to the parent's process group is not for us
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const int kept = dup2(pipe, 0);  // every other descriptor is the parent's alone
  close_range(1, ~0U, 0);
  char byte = 0;
  while (read(kept, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

DeathWatch::DeathWatch(const std::function<void()>& put_right) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Fatal(describe_error("guard of files", errno));
  pipe_ = FileDescriptor(ends[1]);
  const FileDescriptor alive_pipe(ends[0]);
  child_ = fork();
  if (child_ < 0) throw Fatal(describe_error("fork", errno));
  if (child_ > 0) return;
  await_death(ends[0]);
  put_right();
  _exit(0);
}

DeathWatch::~DeathWatch() {
  pipe_ = FileDescriptor();
  waitpid(child_, nullptr, 0);
}

}  // namespace millrace::sink
