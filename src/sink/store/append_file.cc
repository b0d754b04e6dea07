#include "sink/store/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/diagnostics.h"
#include "sink/append_log.h"
#include "sink/store/directory.h"

namespace millrace::sink {
namespace {

constexpr int kFileFlags = O_RDWR | O_APPEND | O_NOCTTY | O_CLOEXEC;

// A lock of the open file, not of the process: nothing else that the process closes ends it. Who
// has locks of the process (lockf(3), fcntl(2)) sees it and is seen. Returns 0 or an errno value.
int lock_all(int file, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kNextLook{1};
  struct flock lock {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0
  };
  for (auto waited = std::chrono::milliseconds(0);; waited += kNextLook) {
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return 0;
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return errno;
    if (waited >= patience) return EAGAIN;
    std::this_thread::sleep_for(kNextLook);
  }
}

// The last bytes of a file, at most two.
std::string_view last_bytes(int file, off_t size, std::array<char, 2>& room) {
  const off_t length = std::min<off_t>(size, static_cast<off_t>(room.size()));
  const ssize_t found = pread(file, room.data(), static_cast<std::size_t>(length), size - length);
  return {room.data(), static_cast<std::size_t>(std::max<ssize_t>(found, 0))};
}

// Cuts off what follows the last LF. Returns 0 or an errno value.
int cut_half_line(int file, off_t& size) {
  std::array<char, 64 * 1024> block;
  off_t end = size;
  while (end > 0) {
    const off_t length = std::min<off_t>(end, static_cast<off_t>(block.size()));
    const ssize_t found = pread(file, block.data(), static_cast<std::size_t>(length), end - length);
    if (found < 0 && errno == EINTR) continue;
    if (found != length) return found < 0 ? errno : EIO;
    const std::string_view text(block.data(), static_cast<std::size_t>(found));
    const std::size_t last = text.rfind('\n');
    if (last != std::string_view::npos) {
      end += static_cast<off_t>(last) + 1 - length;
      break;
    }
    end -= length;
  }
  if (end == size) return 0;
  size = end;
  return ftruncate(file, end) == 0 ? 0 : errno;
}

// What makes the end of a mailbox the end of a message: an empty line.
std::string_view missing_end(std::string_view last) {
  constexpr std::string_view kEmptyLine = "\n\n";
  if (last.empty() || last == kEmptyLine) return {};
  return last.back() == '\n' ? kEmptyLine.substr(1) : kEmptyLine;
}

}  // namespace

AppendFile::AppendFile(std::string path, Kind kind, bool sync, std::chrono::milliseconds patience)
    : path_(std::move(path)), kind_(kind), sync_(sync), patience_(patience), dot_lock_(path_) {}

void AppendFile::prepare() {
  int error = make_directories_for(path_);
  if (error == 0) {
    Addition first(*this);
    error = first.error();
    if (error == 0) error = first.sync();
    if (error == 0) error = first.keep();
  }
  if (error != 0) throw Fatal(describe_error("store " + path_, error));
}

void AppendFile::put_right() const {
  const FileDescriptor file(::open(path_.c_str(), kFileFlags | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (lock_all(file.descriptor(), patience_) != 0) return;
  if (kind_ == Kind::mailbox) {
    dot_lock_.put_right(file.descriptor());
  } else if (fstat(file.descriptor(), &status) == 0) {
    cut_half_line(file.descriptor(), status.st_size);
  }
}

AppendFile::Addition::Addition(AppendFile& file)
    : file_(file), turn_(file.mutex_), error_(open()) {}

// Until it is locked the file may get another name, and be another one's then.
int AppendFile::Addition::open() {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    opened_ = FileDescriptor(::open(file_.path_.c_str(), kFileFlags | O_CREAT, 0644));
    struct stat opened {};
    struct stat named {};
    if (!opened_.valid() || fstat(opened_.descriptor(), &opened) != 0) return errno;
    if (!S_ISREG(opened.st_mode)) return 0;
    if (const int error = lock_all(opened_.descriptor(), file_.patience_); error != 0) return error;
    const bool there = stat(file_.path_.c_str(), &named) == 0;
    if (there && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) return lock();
  }
  return EAGAIN;
}

int AppendFile::Addition::lock() {
  const int file = opened_.descriptor();
  if (file_.kind_ == Kind::mailbox) {
    if (const int error = file_.dot_lock_.take(file, file_.patience_); error != 0) return error;
    dot_locked_ = true;
  }
  struct stat status {};
  if (fstat(file, &status) != 0) return errno;
  std::array<char, 2> room{};
  const std::string_view last = last_bytes(file, status.st_size, room);
  if (file_.kind_ == Kind::mailbox) {
    separator_ = missing_end(last);
  } else if (!last.empty() && last.back() != '\n') {
    if (const int error = cut_half_line(file, status.st_size); error != 0) return error;
  }
  size_ = status.st_size;
  return 0;
}

int AppendFile::Addition::sync() {
  if (!file_.sync_ || size_ < 0) return 0;
  if (fdatasync(opened_.descriptor()) != 0) return errno;
  return size_ == 0 ? sync_directory_of(file_.path_) : 0;
}

int AppendFile::Addition::keep() {
  if (dot_locked_) {
    if (!file_.dot_lock_.release()) return errno;
    dot_locked_ = false;
    if (const int error = file_.sync_ ? sync_directory_of(file_.path_) : 0; error != 0) {
      return error;
    }
  }
  kept_ = true;
  return 0;
}

// The lock file tells of the size for as long as the file could not be cut back to it.
AppendFile::Addition::~Addition() {
  const bool cut = kept_ || size_ < 0 || ftruncate(opened_.descriptor(), size_) == 0;
  if (dot_locked_ && cut) file_.dot_lock_.release();
}

}  // namespace millrace::sink
