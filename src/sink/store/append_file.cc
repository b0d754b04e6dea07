#include "sink/store/append_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/diagnostics.h"
#include "base/file_in_place.h"
#include "base/time.h"
#include "sink/append_log.h"
#include "sink/store/directory.h"
#include "sink/store/same_file.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

constexpr int kFileFlags = O_RDWR | O_APPEND | O_NOCTTY | O_CLOEXEC;

// What JSON lines of a sink begin with.
constexpr std::string_view kLineBeginning = "{\"id\":\"";

// Of what is no file: only as a writer alone one is told that nobody reads.
constexpr int kPipeFlags = O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC;

constexpr std::chrono::milliseconds kNextLook{1};

// A lock of the open file, not of the process: nothing else that the process closes ends it. Who
// has locks of the process (lockf(3), fcntl(2)) sees it and is seen. Returns 0 or an errno value.
int lock_all(int file, TimePoint limit) {
  struct flock lock {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0
  };
  for (;;) {
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return 0;
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return errno;
    if (Clock::now() >= limit) return EAGAIN;
    std::this_thread::sleep_for(kNextLook);
  }
}

// The last bytes of a file, at most two.
std::string_view last_bytes(int file, off_t size, std::array<char, 2>& room) {
  const off_t length = std::min<off_t>(size, static_cast<off_t>(room.size()));
  const ssize_t found = pread(file, room.data(), static_cast<std::size_t>(length), size - length);
  return {room.data(), static_cast<std::size_t>(std::max<ssize_t>(found, 0))};
}

// Where the last line begins; `size`: in none.
int find_last_line(int file, off_t size, off_t& place) {
  std::array<char, 64 * 1024> block;
  for (place = size; place > 0;) {
    const off_t length = std::min<off_t>(place, static_cast<off_t>(block.size()));
    const ssize_t found =
        pread(file, block.data(), static_cast<std::size_t>(length), place - length);
    if (found < 0 && errno == EINTR) continue;
    if (found != length) return found < 0 ? errno : EIO;
    const std::string_view text(block.data(), static_cast<std::size_t>(found));
    place -= length;
    if (const std::size_t last = text.rfind('\n'); last != std::string_view::npos) {
      place += static_cast<off_t>(last) + 1;
      return 0;
    }
  }
  return 0;
}

// Whether this end of a file, a line without its LF, is an object: then nothing but that is
// missing.
bool is_whole_object(int file, off_t place, off_t size) {
  std::string line(static_cast<std::size_t>(size - place), '\0');
  const ssize_t found = pread(file, line.data(), line.size(), place);
  return found == static_cast<ssize_t>(line.size()) && nlohmann::json::accept(line);
}

// Cuts off half a last line, where it begins as those that a sink writes. Returns 0 or an errno
// value.
int cut_half_line(int file, off_t& size) {
  off_t place = 0;
  if (const int error = find_last_line(file, size, place); error != 0) return error;
  std::array<char, kLineBeginning.size()> room{};
  const ssize_t found = pread(file, room.data(), room.size(), place);
  if (found < 0) return errno;
  if (std::string_view(room.data(), static_cast<std::size_t>(found)) != kLineBeginning ||
      is_whole_object(file, place, size)) {
    return 0;
  }
  size = place;
  return ftruncate(file, place) == 0 ? 0 : errno;
}

// What makes the end of a file the end of a line, or of a message: an empty line.
std::string_view missing_end(AppendFile::Kind kind, std::string_view last) {
  constexpr std::string_view kEmptyLine = "\n\n";
  if (last.empty() || last == kEmptyLine) return {};
  const std::string_view missing = last.back() == '\n' ? kEmptyLine.substr(1) : kEmptyLine;
  return kind == AppendFile::Kind::mailbox ? missing : missing.substr(1);
}

// A file that is named by a descriptor has a name of its own, which the guard knows it by as well.
std::string lasting_name(const std::string& path) {
  struct stat status {};
  const std::optional<int> descriptor = path == "-" ? std::nullopt : own_descriptor(path);
  if (!descriptor || fstat(*descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return path;
  std::array<char, PATH_MAX> room{};
  const std::string link = "/proc/self/fd/" + std::to_string(*descriptor);
  const ssize_t length = readlink(link.c_str(), room.data(), room.size());
  struct stat named {};
  const std::string name(room.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return stat(name.c_str(), &named) == 0 && same_file(named, status) ? name : path;
}

// Opens what is to be written to. What is no file is not waited for, as a reader of a pipe; where
// there is none it is ENXIO.
FileDescriptor open_to_append(const std::string& path) {
  struct stat named {};
  if (stat(path.c_str(), &named) != 0 || S_ISREG(named.st_mode)) {
    return FileDescriptor(::open(path.c_str(), kFileFlags | O_CREAT, 0644));
  }
  FileDescriptor opened(::open(path.c_str(), kPipeFlags | O_NONBLOCK));
  if (opened.valid() && fcntl(opened.descriptor(), F_SETFL, O_APPEND) != 0) return {};
  return opened;
}

}  // namespace

AppendFile::AppendFile(const std::string& path, Kind kind, bool sync,
                       std::chrono::milliseconds patience)
    : path_(lasting_name(path)), kind_(kind), sync_(sync), patience_(patience), dot_lock_(path_) {}

// A pipe may get its reader later.
void AppendFile::prepare() {
  int error = make_directories_for(path_);
  if (error == 0) {
    Addition first(*this);
    error = first.error();
    if (error == 0) error = first.write(first.separator());
    if (error == 0) error = first.sync();
    if (error == 0) first.keep();
  }
  if (error != 0 && error != ENXIO) throw Fatal(describe_error("store " + path_, error));
}

void AppendFile::put_right(pid_t owner) const {
  const FileDescriptor file(::open(path_.c_str(), kFileFlags | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (lock_all(file.descriptor(), Clock::now() + patience_) != 0) return;
  progress_.undo(file.descriptor());
  if (kind_ == Kind::mailbox) dot_lock_.take_away(owner);
}

AppendFile::Addition::Addition(AppendFile& file)
    : file_(file),
      limit_(Clock::now() + file.patience_),
      turn_(file.turns_.take(limit_)),
      error_(turn_ ? open() : EAGAIN) {}

// Until all locks are there the file may get another name, and be another one's then. Who has one
// lock waits for none: it may be this one that the other's holder needs.
int AppendFile::Addition::open() {
  for (;;) {
    opened_ = open_to_append(file_.path_);
    struct stat opened {};
    struct stat named {};
    if (!opened_.valid() || fstat(opened_.descriptor(), &opened) != 0) return errno;
    if (!S_ISREG(opened.st_mode)) return 0;
    if (const int error = lock_all(opened_.descriptor(), limit_); error != 0) return error;
    const int taken = file_.kind_ == Kind::mailbox ? file_.dot_lock_.take() : 0;
    if (taken == 0 && stat(file_.path_.c_str(), &named) == 0 && same_file(named, opened)) {
      return look_at_end();
    }
    if (taken == 0) file_.dot_lock_.release();
    if (taken != 0 && taken != EEXIST) return taken;
    opened_ = {};
    if (Clock::now() >= limit_) return EAGAIN;
    std::this_thread::sleep_for(kNextLook);
  }
}

int AppendFile::Addition::look_at_end() {
  const int file = opened_.descriptor();
  struct stat status {};
  if (fstat(file, &status) != 0) return errno;
  std::array<char, 2> room{};
  std::string_view last = last_bytes(file, status.st_size, room);
  if (file_.kind_ == Kind::lines && !last.empty() && last.back() != '\n') {
    if (const int error = cut_half_line(file, status.st_size); error != 0) return error;
    last = last_bytes(file, status.st_size, room);
  }
  separator_ = missing_end(file_.kind_, last);
  size_ = status.st_size;
  end_ = status.st_size;
  file_.progress_.begin(status);
  return 0;
}

int AppendFile::Addition::write(std::string_view text) {
  if (size_ < 0) return write_all(opened_.descriptor(), text);
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, WriteInProgress::kMostPiece);
    file_.progress_.announce(end_, piece);
    const ssize_t written = ::write(opened_.descriptor(), piece.data(), piece.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written <= 0) continue;
    end_ += written;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int AppendFile::Addition::sync() {
  if (!file_.sync_ || size_ < 0) return 0;
  if (fdatasync(opened_.descriptor()) != 0) return errno;
  return size_ == 0 ? sync_directory_of(file_.path_) : 0;
}

// What others wrote who did not wait is theirs.
void AppendFile::Addition::undo() {
  struct stat status {};
  if (fstat(opened_.descriptor(), &status) != 0 || status.st_size != end_) return;
  if (ftruncate(opened_.descriptor(), size_) != 0) return;
}

AppendFile::Addition::~Addition() {
  if (!turn_) return;
  if (size_ >= 0) {
    if (!kept_) undo();
    file_.progress_.end();
  }
  file_.dot_lock_.release();
  opened_ = {};  // and the lock of the file, so that the next one does not wait for it
  file_.turns_.give_back();
}

}  // namespace millrace::sink
