#include "sink/append_log.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"
#include "sink/store/same_file.h"

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
  if (memory == MAP_FAILED) throw Fatal(describe_error("guard of dump files", errno));
  intent_ = new (memory) Intent{};
  watch_.emplace([intent = intent_] {
    if (intent->active && truncate(intent->path.data(), intent->size) != 0) _exit(1);
  });
}

AppendLog::~AppendLog() {
  watch_.reset();
  munmap(intent_, sizeof(Intent));
}

int AppendLog::append(const std::string& path, const std::function<int(int)>& write) {
  const std::lock_guard lock(mutex_);
  if (path.size() >= intent_->path.size()) return ENAMETOOLONG;
  struct stat status {};
  if (!still_open(path, status)) {
    if (const int error = open_anew(path, status); error != 0) return error;
  }
  const int file = file_.descriptor();
  if (!S_ISREG(status.st_mode)) {  // a pipe is left after each message
    const FileDescriptor left = std::exchange(file_, {});
    return write(file);
  }
  intent_->size = status.st_size;
  std::memcpy(intent_->path.data(), path.c_str(), path.size() + 1);
  intent_->active = true;
  int error = write(file);
  if (error != 0 && ftruncate(file, status.st_size) != 0) error = errno;
  intent_->active = false;
  return error;
}

// Whether the file that the last message went to is what this path leads to; then as it is by now.
bool AppendLog::still_open(const std::string& path, struct stat& status) const {
  return file_.valid() && stat(path.c_str(), &status) == 0 && same_file(status, opened_);
}

int AppendLog::open_anew(const std::string& path, struct stat& status) {
  file_ = {};
  if (const int error = make_directories_for(path); error != 0) return error;
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid() || fstat(file.descriptor(), &status) != 0) return errno;
  opened_ = status;
  file_ = std::move(file);
  return 0;
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
