#include "source/content_stamper.h"

namespace millrace::source {
namespace {

bool same(const proof::MimeEntity& one, const proof::MimeEntity& other) {
  return one.kind == other.kind && one.encoding == other.encoding &&
         one.boundary.text() == other.boundary.text();
}

}  // namespace

ContentStamper::ContentStamper(Stamps& stamps)
    : stamps_(stamps), stamper_(stamps.header().run, stamps.key()) {}

std::string_view ContentStamper::stamp(std::uint64_t message, TimePoint due, TimePoint now,
                                       const StampedContent& content) {
  return stamper_.stamp(message, stamps_.in_stamp(due), stamps_.in_stamp(now), content.digest);
}

StampedContent ContentStamper::look_at(const smtp::MessageSource& messages, std::uint64_t message) {
  content_.clear();
  messages.append_chunk(message, 0, messages.content_size(message), content_);
  const std::string_view first = next_piece();
  const bool shared = first.size() == content_.size() && !content_.is_copied(first);
  if (shared) {
    if (const StampedContent* const known = stamps_.contents().find(first)) return *known;
  }
  StampedContent content;
  read(content);
  if (shared) stamps_.contents().keep(first, content);
  return content;
}

// The next piece of what is left; empty: there is none.
std::string_view ContentStamper::next_piece() {
  std::string_view piece;
  content_.gather(&piece, 1);
  return piece;
}

void ContentStamper::read(StampedContent& content) {
  hasher_.begin_header();
  while (!content_.empty() && !hasher_.header_over()) {
    const std::string_view piece = next_piece();
    content_.consume(piece.size() - hasher_.take_header(piece).size());
  }
  content.digest.header = hasher_.end_header();
  content.in_body = stamps_.options().in_body && takes_stamp();
  const std::uint64_t header = hasher_.header_size();
  content.digest.size = header + read_body(content);
}

// What is in base64 as a whole has no lines for a stamp; nor has, perhaps, a message within this.
bool ContentStamper::takes_stamp() const {
  const proof::MimeEntity& entity = hasher_.entity();
  const bool encoded =
      entity.kind == proof::MimeEntity::Kind::text && entity.encoding == proof::Encoding::base64;
  return hasher_.header_over() && !encoded && entity.kind != proof::MimeEntity::Kind::message;
}

// What is left, which is the body; returns its size. A body that is one piece may be known.
std::uint64_t ContentStamper::read_body(StampedContent& content) {
  const std::string_view first = next_piece();
  const bool shared =
      !first.empty() && first.size() == content_.size() && !content_.is_copied(first);
  if (shared) {
    content.open_line = !first.ends_with("\r\n");
    const Stamps::KnownBody* const known = stamps_.bodies().find(first);
    if (known != nullptr && same(known->entity, hasher_.entity())) {
      content.digest.body = known->digest;
      return known->size;
    }
  }
  hasher_.begin_body(hasher_.entity());
  while (!content_.empty()) {
    const std::string_view piece = next_piece();
    hasher_.take_body(piece);
    content.open_line = !piece.ends_with("\r\n");
    content_.consume(piece.size());
  }
  content.digest.body = hasher_.end_body();
  if (shared) {
    stamps_.bodies().keep(
        first,
        {.entity = hasher_.entity(), .digest = content.digest.body, .size = hasher_.body_size()});
  }
  return hasher_.body_size();
}

}  // namespace millrace::source
