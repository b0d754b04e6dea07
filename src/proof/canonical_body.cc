#include "proof/canonical_body.h"

namespace millrace::proof {

void CanonicalBody::begin(const MimeEntity& entity, std::optional<std::uint64_t> watched) {
  plain_ = entity.kind == MimeEntity::Kind::text && entity.encoding == Encoding::none;
  encodings_ = 0;
  text_.begin(plain_ ? BodyText::Source::plain : BodyText::Source::decoded, watched);
  if (plain_) return;
  lines_.reset();
  depth_ = 0;
  messages_ = 0;
  enter(entity);
}

void CanonicalBody::take(std::string_view bytes) {
  if (plain_) {
    text_.take(bytes);
    return;
  }
  lines_.take(bytes, [this](const LinePiece& line) {
    take_line(line);
    return true;
  });
}

void CanonicalBody::finish() {
  if (!plain_) {
    lines_.finish([this](const LinePiece& line) { take_line(line); });
    end_part();
  }
  text_.finish();
}

BodyDigest CanonicalBody::digest() const {
  BodyDigest digest = text_.digest();
  digest.encodings = encodings_;
  return digest;
}

// Below the header of an entity.
void CanonicalBody::enter(const MimeEntity& entity) {
  in_header_ = false;
  Encoding encoding = Encoding::none;
  switch (entity.kind) {
    case MimeEntity::Kind::multipart:
      if (depth_ < kDeepest) boundaries_.at(depth_++) = entity.boundary;
      break;
    case MimeEntity::Kind::message:
      if (messages_ == kDeepest) break;
      ++messages_;
      in_header_ = true;
      fields_.begin();
      break;
    case MimeEntity::Kind::text:
      encoding = entity.encoding;
  }
  encodings_ |= static_cast<std::uint64_t>(encoding);
  decoder_.begin(encoding);
}

void CanonicalBody::take_line(const LinePiece& line) {
  const bool whole = line.first && line.last;
  if (!whole || !take_boundary(line.text)) {
    if (in_header_) {
      take_header_line(line);
    } else {
      decoder_.take(line, text_);
    }
  }
  text_.take_encoded(line.text);
  if (line.last) text_.take_encoded("\r\n");
}

void CanonicalBody::take_header_line(const LinePiece& line) {
  if (!line.first || !line.last || !line.text.empty()) {
    put_field(fields_.take(line));
    return;
  }
  end_part();
  text_.separate("\r\n");
  enter(fields_.entity());
}

bool CanonicalBody::take_boundary(std::string_view line) {
  constexpr std::string_view kDashes = "--";
  if (depth_ == 0 || line.size() > LinePieces::kWhole || !line.starts_with(kDashes)) return false;
  line = line.substr(0, line.find_last_not_of(" \t") + 1);
  for (std::size_t level = depth_; level-- > 0;) {
    const std::string_view boundary = boundaries_.at(level).text();
    if (line.substr(kDashes.size(), boundary.size()) != boundary) continue;
    const std::string_view behind = line.substr(kDashes.size() + boundary.size());
    const bool closes = behind == kDashes;
    if (!closes && !behind.empty()) continue;
    end_part();
    text_.separate("\r\n");
    text_.separate(line);
    text_.separate("\r\n");
    depth_ = closes ? level : level + 1;
    messages_ = 0;
    in_header_ = !closes;
    fields_.begin();
    decoder_.begin(Encoding::none);
    return true;
  }
  return false;
}

// What is read at the moment is at its end.
void CanonicalBody::end_part() {
  if (in_header_) {
    put_field(fields_.end());
  } else {
    decoder_.finish(text_);
  }
}

void CanonicalBody::put_field(std::optional<std::uint64_t> hash) {
  if (!hash) return;
  std::array<char, sizeof *hash> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes.at(i) = static_cast<char>(*hash >> (8 * i));
  text_.separate({bytes.data(), bytes.size()});
}

}  // namespace millrace::proof
