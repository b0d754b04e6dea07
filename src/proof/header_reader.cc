#include "proof/header_reader.h"

#include <algorithm>
#include <span>

#include "base/ascii.h"

namespace millrace::proof {

void HeaderReader::begin() {
  lines_.reset();
  fields_.begin();
  hashes_.clear();
  exact_.reset();
  size_ = 0;
  begun_ = 0;
  above_ = 0;
  over_ = false;
  reading_ = false;
  finding_ = StampFinding::none;
}

std::string_view HeaderReader::take(std::string_view bytes) {
  while (!bytes.empty() && !over_) {
    if (lines_.between() && take_written_stamp(bytes)) continue;
    bytes = lines_.take(bytes, [this](const LinePiece& line) {
      take_line(line);
      return !line.last;
    });
  }
  return bytes;
}

// Most stamps come as they were written: then the field need not be looked at as one of the
// message's own, which it is where the stamp is not believed. Takes such a one, if there is one,
// off the front.
bool HeaderReader::take_written_stamp(std::string_view& bytes) {
  if (stamps_ == nullptr || bytes.size() <= kStampSize || !bytes.starts_with(kStampName) ||
      is_blank(bytes[kStampSize])) {
    return false;
  }
  end_field(fields_.end());
  if (believed(finding_)) return false;
  const StampFinding finding = stamps_->finding_of_written(std::span(bytes).first<kStampSize>());
  if (!believed(finding)) return false;
  ++begun_;
  believe(finding);
  bytes.remove_prefix(kStampSize);
  return true;
}

void HeaderReader::finish() {
  if (over_) return;
  lines_.finish([this](const LinePiece& line) { take_line(line); });
  if (!over_) end_field(fields_.end());
}

HeaderDigest HeaderReader::digest() const {
  return {.exact = exact_.digest().low,
          .fields = std::min(hashes_.count(), HeaderDigest::kMostFields),
          .canonical = hashes_.all()};
}

void HeaderReader::take_line(const LinePiece& line) {
  if (line.first && line.last && line.text.empty()) {
    end_field(fields_.end());
    over_ = true;
    return;
  }
  const bool begins = fields_.begins_field(line);
  const auto before = fields_.take(line);
  if (begins) {
    end_field(before);
    ++begun_;
    reading_ = stamps_ != nullptr;
    if (reading_) stamps_->begin();
  }
  if (reading_) stamps_->take(line.text);
  exact_.update(line.text);
  size_ += line.text.size();
  if (line.last) {
    exact_.update("\r\n");
    size_ += 2;
  }
}

// The stamp that was read last is the message's: what is above it, and it, are no fields of its
// own.
void HeaderReader::believe(StampFinding finding) {
  stamp_ = stamps_->stamp();
  finding_ = finding;
  above_ = begun_ - 1;
  hashes_.clear();
  exact_.reset();
  size_ = 0;
}

void HeaderReader::end_field(std::optional<std::uint64_t> hash) {
  const StampFinding finding = reading_ ? stamps_->finding() : StampFinding::none;
  reading_ = false;
  if (believed(finding) && !believed(finding_)) return believe(finding);
  finding_ = std::max(finding_, finding);
  if (hash) hashes_.add(*hash);
}

}  // namespace millrace::proof
