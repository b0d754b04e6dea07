#include "sink/append_log.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/diagnostics.h"

namespace millrace::sink {

// What the child must know: while `active`, `path` may end in half a message from `size` on.
struct AppendLog::Intent {
  std::atomic<bool> active;
  off_t size;
  std::array<char, PATH_MAX> path;
};

AppendLog::AppendLog() {
  void* const memory =
      mmap(nullptr, sizeof(Intent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  std::array<int, 2> ends{};
  if (memory == MAP_FAILED || pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Fatal(describe_error("guard of dump files", errno));
  }
  intent_ = new (memory) Intent{};
  pipe_ = FileDescriptor(ends[1]);
  const FileDescriptor alive_pipe(ends[0]);
  child_ = fork();
  if (child_ < 0) throw Fatal(describe_error("fork", errno));
  if (child_ == 0) guard(ends[0], *intent_);
}

AppendLog::~AppendLog() {
  pipe_ = FileDescriptor();
  waitpid(child_, nullptr, 0);
  munmap(intent_, sizeof(Intent));
}

void AppendLog::guard(int alive_pipe, const Intent& intent) {
  setsid();  // what is sent to the parent's process group is not for us
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  const int kept = dup2(alive_pipe, 0);  // every other descriptor is the parent's alone
  close_range(1, ~0U, 0);
  char byte = 0;
  while (read(kept, &byte, 1) < 0 && errno == EINTR) {
  }
  const bool undone = intent.active && truncate(intent.path.data(), intent.size) == 0;
  _exit(undone ? 1 : 0);
}

int AppendLog::append(const std::string& path, const std::function<int(int)>& write) {
  const std::lock_guard lock(mutex_);
  if (path.size() >= intent_->path.size()) return ENAMETOOLONG;
  if (const int error = make_directories_for(path); error != 0) return error;
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  struct stat status {};
  if (!file.valid() || fstat(file.descriptor(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return write(file.descriptor());
  intent_->size = status.st_size;
  std::memcpy(intent_->path.data(), path.c_str(), path.size() + 1);
  intent_->active = true;
  int error = write(file.descriptor());
  if (error != 0 && ftruncate(file.descriptor(), status.st_size) != 0) error = errno;
  intent_->active = false;
  return error;
}

int make_directories_for(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    if (mkdir(directory.c_str(), 0755) == 0 || errno == EEXIST) continue;
    return errno;
  }
  return 0;
}

}  // namespace millrace::sink
