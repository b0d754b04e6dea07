#include "proof/journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"
#include "base/file_in_place.h"

namespace millrace::proof {
namespace {

std::int64_t microseconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
}

// Of this boot of this machine, the same in all processes; 0 where the kernel does not say.
std::uint64_t boot_now() {
  const FileDescriptor file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t length = file.valid() ? read(file.descriptor(), text.data(), text.size()) : 0;
  return length > 0 ? XXH3_64bits(text.data(), static_cast<std::size_t>(length)) : 0;
}

std::string_view bytes_of(const JournalHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

}  // namespace

JournalHeader header_now(Side side, const RunId& run) {
  JournalHeader header{.side = side,
                       .run = run,
                       .start = microseconds_of(CLOCK_REALTIME),
                       .start_monotonic = microseconds_of(CLOCK_MONOTONIC),
                       .boot = boot_now()};
  seal(header);
  return header;
}

JournalFile::JournalFile(std::string path, JournalHeader header, Sync sync)
    : path_(std::move(path)), header_(header), sync_(sync), file_(open_own(path_, O_APPEND, 0644)) {
  struct stat status {};
  if (file_.valid() && fstat(file_.descriptor(), &status) != 0)
    throw Fatal(describe_error(path_, errno));
  if (!S_ISREG(status.st_mode)) throw Fatal(path_ + ": a journal must be a plain file");
  if (flock(file_.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    throw Fatal(errno == EWOULDBLOCK ? path_ + ": another program writes this journal"
                                     : describe_error("lock " + path_, errno));
  }
  // Again: whoever had the lock before may have begun it.
  if (fstat(file_.descriptor(), &status) != 0) throw Fatal(describe_error(path_, errno));
  if (status.st_size > 0) {
    throw Fatal(path_ + ": there is something in it, and a journal is never written over");
  }
  seal(header_);
  if (const int error = append(bytes_of(header_), 0); error != 0) {
    throw Fatal(describe_error("write " + path_, error));
  }
}

int JournalFile::append(std::string_view block, std::size_t records) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_ != 0) return broken_;
    if (const int error = write_whole(block); error != 0) {
      if (ftruncate(file_.descriptor(), static_cast<off_t>(size_)) != 0) broken_ = errno;
      return error;
    }
    size_ += block.size();
    records_ += records;
  }
  if (sync_ == Sync::none || fdatasync(file_.descriptor()) == 0) return 0;
  // The kernel tells of what it could not write once, and forgets it.
  const int error = errno;
  const std::lock_guard lock(mutex_);
  return broken_ = error;
}

int JournalFile::write_whole(std::string_view block) {
  while (!block.empty()) {
    const ssize_t written = write(file_.descriptor(), block.data(), block.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) block.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int JournalFile::name(NameOf what, std::uint16_t index, std::string_view text) {
  std::string block(sizeof(BlockHeader), '\0');
  block += static_cast<char>(what);
  block += '\0';
  block.append(reinterpret_cast<const char*>(&index), sizeof index);
  block += text.substr(0, kMostText);
  seal(block, BlockKind::name, 0, header_.checksum);
  return append(block, 0);
}

int JournalFile::run_index(const RunId& run, std::uint8_t& index) {
  constexpr std::size_t kMost = 255;
  const std::lock_guard lock(runs_mutex_);
  const auto known = std::find(runs_.begin(), runs_.end(), run);
  if (known == runs_.end()) {
    if (runs_.size() == kMost) return EOVERFLOW;
    const std::string_view text(reinterpret_cast<const char*>(&run), sizeof run);
    const int error = name(NameOf::run, static_cast<std::uint16_t>(runs_.size() + 1), text);
    if (error != 0) return error;
    runs_.push_back(run);
    index = static_cast<std::uint8_t>(runs_.size());
    return 0;
  }
  index = static_cast<std::uint8_t>(known - runs_.begin() + 1);
  return 0;
}

int JournalFile::close() {
  std::string block(sizeof(BlockHeader), '\0');
  block.append(reinterpret_cast<const char*>(&records_), sizeof records_);
  seal(block, BlockKind::end, 0, header_.checksum);
  const int error = append(block, 0);
  if (error == 0) {
    const std::lock_guard lock(mutex_);
    broken_ = EBADF;
  }
  return error;
}

}  // namespace millrace::proof
