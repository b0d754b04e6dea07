#include "proof/journal_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::proof {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{256} * 1024;

constexpr std::int64_t kMostClock = std::int64_t{1} << 53;  // microseconds: the year 2255

template <typename Value>
Value value_at(const std::string& bytes, std::size_t place) {
  Value value;
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

std::string_view written_by(Side side) {
  return side == Side::sent ? "a source (what was sent)" : "a sink (what was taken)";
}

// How many names of each sort an index of a record can tell apart.
std::size_t most_names(NameOf what) { return what == NameOf::domain ? kMostNames : 256; }

}  // namespace

JournalReader::JournalReader(std::string path, std::optional<Side> side)
    : path_(std::move(path)), file_(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (!file_.valid()) throw Fatal(describe_error("open " + path_, errno));
  struct stat status {};
  if (fstat(file_.descriptor(), &status) != 0) throw Fatal(describe_error(path_, errno));
  if (!S_ISREG(status.st_mode)) throw Fatal(path_ + ": a journal must be a plain file");
  take_header(side);
}

void JournalReader::take_header(std::optional<Side> side) {
  if (!have(1)) throw Fatal(path_ + ": it is empty, so it is no journal");
  const bool whole = have(sizeof header_);
  const std::size_t most = std::min(buffer_.size(), sizeof header_.magic);
  if (std::memcmp(buffer_.data(), JournalHeader::kMagic.data(), most) != 0) {
    throw Fatal(path_ + ": no journal: it does not begin as one");
  }
  if (!whole) throw Fatal(fmt::format("{}: cut within its header, at {}", path_, buffer_.size()));
  header_ = value_at<JournalHeader>(buffer_, 0);
  if (header_.version != JournalHeader::kVersion) {
    throw Fatal(fmt::format("{}: a journal of version {}, and this program reads version {}", path_,
                            header_.version, JournalHeader::kVersion));
  }
  if (!intact(header_)) throw Fatal(path_ + ": its header is damaged");
  if (header_.side != Side::sent && header_.side != Side::taken) fail("no side known wrote it", 0);
  const bool checks = header_.side == Side::taken;
  if (header_.size != sizeof header_ || header_.unchecked > (checks ? 1 : 0)) {
    fail("a header of another form", 0);
  }
  if (header_.start < 0 || header_.start > kMostClock || header_.start_monotonic < 0 ||
      header_.start_monotonic > kMostClock) {
    fail("a start that no clock had", 0);
  }
  if (side && header_.side != *side) {
    throw Fatal(fmt::format("{}: the journal of {}, where that of {} is wanted", path_,
                            written_by(header_.side), written_by(*side)));
  }
  at_ = sizeof header_;
}

// Whether so many bytes are there behind `at_`, which are then in the buffer.
bool JournalReader::have(std::size_t bytes) {
  if (buffer_.size() - at_ >= bytes) return true;
  buffer_.erase(0, at_);
  consumed_ += std::exchange(at_, 0);
  while (buffer_.size() < bytes) {
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kReadAtOnce);
    const ssize_t got = read(file_.descriptor(), buffer_.data() + before, kReadAtOnce);
    const int error = errno;
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return false;
    if (got < 0 && error != EINTR) throw Fatal(describe_error("read " + path_, error));
  }
  return true;
}

// Whether at most noughts come behind so many bytes, all of which are left out then. That is what a
// machine leaves that died before it had written all that it had made room for.
bool JournalReader::rest_is_nought(std::size_t from) {
  std::size_t seen = from;
  while (have(seen + 1)) {
    for (; at_ + seen < buffer_.size(); ++seen) {
      if (buffer_[at_ + seen] != '\0') return false;
    }
    left_out_ += std::exchange(seen, 0);
    at_ = buffer_.size();
  }
  return true;
}

bool JournalReader::leave_out_rest() {
  left_out_ += buffer_.size() - at_;
  ended_ = true;
  return false;
}

void JournalReader::fail(std::string_view what, std::uint64_t place) const {
  throw Fatal(fmt::format("{}: damaged at {}: {}", path_, place, what));
}

// To the next block with records.
bool JournalReader::next_block(std::size_t record_size) {
  while (!ended_) {
    if (!have(sizeof(BlockHeader))) return leave_out_rest();
    const auto header = value_at<BlockHeader>(buffer_, at_);
    const std::size_t whole = sizeof header + header.length;
    const std::uint64_t place = consumed_ + at_;
    const bool possible = whole <= kMostBlock && header.unused == 0 &&
                          header.kind >= BlockKind::records && header.kind <= BlockKind::end;
    if (possible && !have(whole)) return leave_out_rest();
    if (!possible || !intact(std::string_view(buffer_).substr(at_, whole), header_.checksum)) {
      if (rest_is_nought(possible ? whole : sizeof header)) return leave_out_rest();
      fail(possible ? "a block whose checksum is not right" : "no block begins here", place);
    }
    const std::string_view payload =
        std::string_view(buffer_).substr(at_ + sizeof header, header.length);
    if (header.kind == BlockKind::records) {
      block_end_ = at_ + whole;
      record_at_ = at_ + sizeof header;
      records_left_ = header.records;
      texts_at_ = record_at_ + header.records * record_size;
      if (header.records == 0 || texts_at_ > block_end_) fail("a block without its records", place);
      last_text_ = 0;
      records_ += header.records;
      at_ = block_end_;
      return true;
    }
    if (header.records != 0) fail("records in a block that has none", place);
    if (header.kind == BlockKind::name) {
      take_name(payload);
    } else {
      if (payload.size() != sizeof records_) fail("an end of another form", place);
      if (value_at<std::uint64_t>(buffer_, at_ + sizeof header) != records_) {
        fail("it ends with another number of records than it has", place);
      }
      if (have(whole + 1)) fail("it goes on behind its end", place + whole);
      closed_ = true;
      ended_ = true;
    }
    at_ += whole;
  }
  return false;
}

void JournalReader::take_name(std::string_view payload) {
  const std::uint64_t place = consumed_ + at_;
  if (payload.size() < kNamePrefix || payload.size() > kNamePrefix + kMostText) {
    fail("a name of another form", place);
  }
  const auto what = static_cast<NameOf>(payload.front());
  if (what < NameOf::kind || what > NameOf::address || payload[1] != '\0') {
    fail("a name of nothing that is known", place);
  }
  std::uint16_t index = 0;
  std::memcpy(&index, payload.data() + 2, sizeof index);
  const std::string_view text = payload.substr(kNamePrefix);
  if (index >= most_names(what)) fail("a name that no record can have", place);
  if (what == NameOf::run && (text.size() != sizeof(RunId) || index == 0)) {
    fail("a run of another form", place);
  }
  auto& names = names_[static_cast<std::size_t>(what) - 1];
  if (index >= names.size()) names.resize(std::size_t{index} + 1);
  if (!names[index].empty()) fail("a name that was told before", place);
  names[index] = text;
}

std::string_view JournalReader::name(NameOf what, std::size_t index) const {
  const auto& names = names_[static_cast<std::size_t>(what) - 1];
  return index < names.size() ? std::string_view(names[index]) : std::string_view();
}

void JournalReader::take_text(TextOf where) {
  if (where == TextOf::own) {
    last_text_ = consumed_ + texts_at_;
    const std::size_t length =
        texts_at_ < block_end_ ? static_cast<unsigned char>(buffer_[texts_at_]) : 0;
    texts_at_ += 1 + length;
    if (texts_at_ > block_end_) fail("a text that goes beyond its block", last_text_);
  }
  if (where == TextOf::before && last_text_ == 0) {
    fail("a text that was to come before", consumed_ + record_at_);
  }
  text_ = where == TextOf::none ? 0 : last_text_;
}

template <typename Packed, typename Record>
bool JournalReader::next_record(Record& record) {
  if (records_left_ == 0 && !next_block(sizeof(Packed))) return false;
  const auto packed = value_at<Packed>(buffer_, record_at_);
  const auto unpacked = unpack(packed);
  if (!unpacked) fail("a record with a value that none can have", consumed_ + record_at_);
  take_text(text_of(packed));
  record = *unpacked;
  record_at_ += sizeof packed;
  if (--records_left_ == 0 && texts_at_ != block_end_) {
    fail("more in a block than its records have", consumed_ + texts_at_);
  }
  return true;
}

template bool JournalReader::next_record<PackedSent>(SentRecord&);
template bool JournalReader::next_record<PackedTaken>(TakenRecord&);

Side side_of(const std::string& path) { return JournalReader(path, std::nullopt).header().side; }

std::string text_at(const FileDescriptor& file, std::uint64_t place) {
  std::array<char, 1 + kMostText> bytes{};
  const ssize_t got =
      place == 0 ? 0
                 : pread(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(place));
  if (got <= 0) return {};
  const auto length = std::min(static_cast<std::size_t>(got) - 1,
                               static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])));
  return {bytes.data() + 1, length};
}

}  // namespace millrace::proof
