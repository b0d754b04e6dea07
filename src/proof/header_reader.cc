#include "proof/header_reader.h"

#include <algorithm>

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
  return lines_.take(bytes, [this](const LinePiece& line) { return take_line(line); });
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

bool HeaderReader::take_line(const LinePiece& line) {
  if (line.first && line.last && line.text.empty()) {
    end_field(fields_.end());
    over_ = true;
    return false;
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
  return true;
}

void HeaderReader::end_field(std::optional<std::uint64_t> hash) {
  const StampFinding finding = reading_ ? stamps_->finding() : StampFinding::none;
  reading_ = false;
  if (believed(finding) && !believed(finding_)) {
    stamp_ = stamps_->stamp();
    finding_ = finding;
    above_ = begun_ - 1;
    hashes_.clear();
    exact_.reset();
    size_ = 0;
    return;
  }
  finding_ = std::max(finding_, finding);
  if (hash) hashes_.add(*hash);
}

}  // namespace millrace::proof
