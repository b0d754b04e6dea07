#include "proof/growing_journal.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::proof {
namespace {

constexpr std::size_t kFollowAtOnce = 4 * kMostBlock;  // bytes

constexpr std::string_view kCutOff = "what was there was cut off";

// Of a clock that began with the machine: what is later would have no place in a TimePoint.
constexpr std::int64_t kLatestStart = std::int64_t{1} << 52U;  // microseconds

template <typename Value>
Value front_of(std::string_view bytes) {
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Reads as much as there is; returns how much that was.
std::size_t read_at(const FileDescriptor& file, std::uint64_t place, char* to, std::size_t most,
                    const std::string& path) {
  std::size_t done = 0;
  while (done < most) {
    const ssize_t got =
        pread(file.descriptor(), to + done, most - done, static_cast<off_t>(place + done));
    if (got < 0 && errno != EINTR) throw Fatal(describe_error("read " + path, errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return done;
}

}  // namespace

GrowingJournal::GrowingJournal(FileDescriptor file, std::string name, const JournalHeader& sent)
    : name_(std::move(name)), run_(sent.run), boot_(sent.boot), file_(std::move(file)) {}

StampCounts GrowingJournal::poll(const Found& found) {
  stamps_ = {};
  if (take_header()) read_blocks(found);
  return stamps_;
}

void GrowingJournal::begin_anew() {
  at_ = 0;
  run_index_ = 0;
  doubts_ = 0;
}

// Whether there is a whole one. One that is not the same as before is of another sink, which has
// begun in the same file.
bool GrowingJournal::take_header() {
  JournalHeader header;
  char* const bytes = reinterpret_cast<char*>(&header);
  const std::size_t there = read_at(file_, 0, bytes, sizeof header, name_);
  const std::size_t magic = std::min(there, sizeof header.magic);
  if (std::memcmp(bytes, JournalHeader::kMagic.data(), magic) != 0) {
    throw Fatal(name_ + ": no journal: it does not begin as one");
  }
  if (there < sizeof header) {
    if (at_ > 0 && locked()) {
      doubt(kCutOff);
    } else {
      begin_anew();
    }
    return false;
  }
  if (at_ > 0 && std::memcmp(bytes, &header_, sizeof header) == 0) return true;
  begin_anew();
  header_ = header;
  check_header();
  at_ = sizeof header;
  return true;
}

void GrowingJournal::check_header() const {
  if (header_.version != JournalHeader::kVersion) {
    throw Fatal(fmt::format("{}: a journal of version {}, and this program reads version {}", name_,
                            header_.version, JournalHeader::kVersion));
  }
  if (!intact(header_) || header_.size != sizeof header_) {
    throw Fatal(name_ + ": its header is damaged");
  }
  if (header_.side != Side::taken) {
    throw Fatal(name_ + ": the journal of a source, where that of a sink is wanted");
  }
  if (header_.start_monotonic < 0 || header_.start_monotonic > kLatestStart) {
    throw Fatal(name_ + ": it begins at a time that no clock has");
  }
  if (boot_ != 0 && header_.boot == boot_) return;
  throw Fatal(name_ +
              ": the journal of a sink on another host, or from before this one was started: how "
              "long messages took can be told by one clock only");
}

void GrowingJournal::read_blocks(const Found& found) {
  buffer_.resize(kFollowAtOnce);
  for (bool more = true; more;) {
    const std::size_t there = read_at(file_, at_, buffer_.data(), buffer_.size(), name_);
    if (there == 0) return check_not_cut();
    std::string_view rest(buffer_.data(), there);
    const std::uint64_t before = at_;
    while (rest.size() >= sizeof(BlockHeader)) {
      const auto header = front_of<BlockHeader>(rest);
      const std::size_t whole = sizeof header + header.length;
      const bool possible = whole <= kMostBlock && header.unused == 0 &&
                            header.kind >= BlockKind::records && header.kind <= BlockKind::end;
      if (!possible) return doubt("no block begins here");
      if (rest.size() < whole) break;
      if (!intact(rest.substr(0, whole), header_.checksum)) {
        return doubt("a block whose checksum is not right");
      }
      take_block(rest.substr(0, whole), found);
      rest.remove_prefix(whole);
      at_ += whole;
      doubts_ = 0;
    }
    more = there == buffer_.size() && at_ > before;
  }
}

// Where nothing more is there: whether all that was read still is.
void GrowingJournal::check_not_cut() {
  struct stat status {};
  if (fstat(file_.descriptor(), &status) != 0) throw Fatal(describe_error(name_, errno));
  if (static_cast<std::uint64_t>(status.st_size) < at_) return doubt(kCutOff);
  doubts_ = 0;
}

void GrowingJournal::take_block(std::string_view block, const Found& found) {
  const auto header = front_of<BlockHeader>(block);
  const std::string_view payload = block.substr(sizeof header);
  if (header.kind == BlockKind::records) take_records(payload, header.records, found);
  if (header.kind == BlockKind::name) take_name(payload);
}

void GrowingJournal::take_records(std::string_view payload, std::size_t records,
                                  const Found& found) {
  if (records * sizeof(PackedTaken) > payload.size()) fail("a block without its records");
  for (; records > 0; --records, payload.remove_prefix(sizeof(PackedTaken))) {
    const auto record = unpack(front_of<PackedTaken>(payload));
    if (!record) fail("a record with a value that none can have");
    if (record->verdict == TakenVerdict::forged) ++stamps_.forged;
    if (is_stamped(record->verdict)) ++stamps_.believed;
    if (!is_stamped(record->verdict) || run_index_ == 0 || record->run != run_index_) continue;
    found({.message = record->message,
           .at = Micros(header_.start_monotonic) + record->taken,
           .bounced = record->bounced});
  }
}

void GrowingJournal::take_name(std::string_view payload) {
  if (payload.size() < kNamePrefix) fail("a name of another form");
  if (static_cast<NameOf>(payload.front()) != NameOf::run) return;
  const std::string_view text = payload.substr(kNamePrefix);
  if (text.size() != sizeof(RunId)) fail("a run of another form");
  if (front_of<RunId>(text) == run_) run_index_ = front_of<std::uint16_t>(payload.substr(2));
}

// A sink that begins does not take a file that has something in it, so that this lock of a moment
// is in nobody's way.
bool GrowingJournal::locked() const {
  if (flock(file_.descriptor(), LOCK_SH | LOCK_NB) != 0) return true;
  flock(file_.descriptor(), LOCK_UN);
  return false;
}

bool GrowingJournal::is_at(const std::string& path) const {
  struct stat named {};
  struct stat open_one {};
  return stat(path.c_str(), &named) != 0 || fstat(file_.descriptor(), &open_one) != 0 ||
         (named.st_ino == open_one.st_ino && named.st_dev == open_one.st_dev);
}

void GrowingJournal::doubt(std::string_view what) {
  if (++doubts_ >= kDoubts) fail(what);
}

void GrowingJournal::fail(std::string_view what) const {
  throw Fatal(fmt::format("{}: damaged at {}: {}", name_, at_, what));
}

}  // namespace millrace::proof
