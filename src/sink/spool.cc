#include "sink/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <utility>

#include "base/storage.h"
#include "sink/append_log.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// A message above this size goes to its ".part" file while it comes in.
constexpr std::size_t kMemoryLimit = 64 * 1024;

constexpr int kAttempts = 100;  // at a name that nobody has

std::string random_digits() {
  thread_local std::mt19937 random{std::random_device{}()};
  return fmt::format("{:08x}", random());
}

int copy_all(int from, int to) {
  std::array<char, 64 * 1024> block;
  if (lseek(from, 0, SEEK_SET) != 0) return errno;
  for (;;) {
    const ssize_t length = ::read(from, block.data(), block.size());
    if (length == 0) return 0;
    if (length < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    const int error = write_all(to, {block.data(), static_cast<std::size_t>(length)});
    if (error != 0) return error;
  }
}

// Gives the file the name `to`, which nothing had. Returns 0 or an errno value: EEXIST when it is
// taken. Where a rename cannot spare what is there (NFS), the name is added and the old one goes.
int rename_to_free_name(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
  if (link(from.c_str(), to.c_str()) != 0) return errno;
  unlink(from.c_str());
  return 0;
}

}  // namespace

void Spool::begin(std::string destination, std::uint64_t largest) {
  discard();
  room_ = largest;
  error_ = 0;
  destination_ = std::move(destination);
}

void Spool::append(std::string_view text) {
  if (error_ != 0) return;
  if (text.size() > room_) {
    keep_error(EMSGSIZE);
    return discard();
  }
  room_ -= text.size();
  memory_.append(text);
  if (memory_.size() > kMemoryLimit) spill();
}

// Moves what is in memory to the ".part" file, which is made when it is first needed.
void Spool::spill() {
  if (error_ != 0) return;
  if (!part_.valid()) {
    keep_error(make_directories_for(destination_));
    for (int attempt = 0; attempt < kAttempts && error_ == 0 && !part_.valid(); ++attempt) {
      part_path_ = destination_ + random_digits() + ".part";
      part_ = FileDescriptor(open(part_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
      if (!part_.valid() && errno != EEXIST) keep_error(errno);
    }
    if (!part_.valid()) part_path_.clear();
  }
  if (error_ == 0) keep_error(write_all(part_.descriptor(), memory_));
  memory_.clear();
}

bool Spool::commit_as_file() {
  spill();
  for (int attempt = 0; attempt < kAttempts && error_ == 0; ++attempt) {
    const int error = rename_to_free_name(part_path_, destination_ + random_digits());
    if (error == EEXIST) continue;
    keep_error(error);
    if (error == 0) part_path_.clear();
    break;
  }
  const bool stored = error_ == 0 && part_path_.empty();
  discard();
  return stored;
}

bool Spool::commit_to_end(AppendLog& log) {
  if (error_ == 0) {
    keep_error(log.append(destination_, [this](int descriptor) {
      const int error = part_.valid() ? copy_all(part_.descriptor(), descriptor) : 0;
      return error != 0 ? error : write_all(descriptor, memory_);
    }));
  }
  const bool stored = error_ == 0;
  discard();
  return stored;
}

void Spool::discard() {
  part_ = FileDescriptor();
  if (!part_path_.empty()) unlink(part_path_.c_str());
  part_path_.clear();
  recycle(memory_);
}

void Spool::keep_error(int error) {
  if (error_ == 0) error_ = error;
}

}  // namespace millrace::sink
