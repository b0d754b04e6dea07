#include "proof/content_reader.h"

#include <algorithm>
#include <optional>

namespace millrace::proof {
namespace {

constexpr std::uint64_t kEmptyLine = 2;

}  // namespace

void ContentReader::begin() { header_.begin(); }

void ContentReader::take(std::string_view bytes) {
  if (!header_.over()) {
    bytes = header_.take(bytes);
    if (!header_.over()) return;
    begin_body();
  }
  body_.take(bytes);
}

void ContentReader::begin_body() {
  std::optional<std::uint64_t> watched;
  if (believed(header_.finding())) watched = header_.stamp().content.body.size;
  body_.begin(header_.entity(), watched);
}

void ContentReader::finish() {
  if (!header_.over()) {
    header_.finish();
    begin_body();
  }
  body_.finish();
}

StampFinding ContentReader::finding() const {
  if (believed(header_.finding())) return header_.finding();
  const BodyStamp& found = body_.text().stamp();
  const bool own = !believed(found.finding) || is_own(found);
  return own ? std::max(header_.finding(), found.finding) : header_.finding();
}

// A bounce and what was passed on have a stamp as well, that of the message which they quote below
// words of their own: below as much text as was sent, or its beginning, it is none of those.
bool ContentReader::is_own(const BodyStamp& found) const {
  const BodyDigest& sent = found.stamp.content.body;
  return found.above.size == sent.size ||
         (mark_length(sent.size) > 0 && body_.text().canonical().mark(sent.size) == sent.mark);
}

const Stamp& ContentReader::stamp() const {
  return believed(header_.finding()) ? header_.stamp() : body_.text().stamp().stamp;
}

bool ContentReader::stamped_body() const {
  const BodyStamp& found = body_.text().stamp();
  return believed(found.finding) && found.stamp == stamp();
}

HeaderDigest ContentHasher::header(std::string_view text) {
  begin_header();
  take_header(text);
  return end_header();
}

HeaderDigest ContentHasher::end_header() {
  header_.finish();
  return header_.digest();
}

std::uint64_t ContentHasher::header_size() const {
  return header_.size() + (header_.over() ? kEmptyLine : 0);
}

BodyDigest ContentHasher::end_body() {
  body_.finish();
  return body_.digest();
}

ContentDigest ContentHasher::content(std::string_view text) {
  begin_header();
  const std::string_view body = take_header(text);
  ContentDigest digest{.header = end_header()};
  begin_body(entity());
  take_body(body);
  digest.body = end_body();
  digest.size = header_size() + body_size();
  return digest;
}

}  // namespace millrace::proof
