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

// What the parent writes when it ends in order.
constexpr char kOrderly = '.';

// In the child: until the other end of the pipe is closed. False: in order.
bool await_death(int pipe) {
  setsid();  // what is sent to the parent's process group is not for us
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const int kept = dup2(pipe, 0);  // every other descriptor is the parent's alone
  close_range(1, ~0U, 0);
  char byte = 0;
  ssize_t length = 0;
  do {
    length = ::read(kept, &byte, 1);
  } while (length < 0 && errno == EINTR);
  return length != 1;
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
  if (await_death(ends[0])) put_right();
  _exit(0);
}

DeathWatch::~DeathWatch() {
  [[maybe_unused]] const ssize_t told = ::write(pipe_.descriptor(), &kOrderly, 1);
  pipe_ = FileDescriptor();
  waitpid(child_, nullptr, 0);
}

}  // namespace millrace::sink
