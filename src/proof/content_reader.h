#pragma once

#include <cstdint>
#include <string_view>

#include "proof/canonical_body.h"
#include "proof/header_reader.h"
#include "proof/stamp_reader.h"

namespace millrace::proof {

// A content as it comes, in pieces cut anywhere: dots single, without the end mark. Of its body
// nothing is kept but hashes. For one thread; allocates when it is made, and never after that.
class ContentReader {
 public:
  // At the receiving end: stamps are looked for.
  explicit ContentReader(const StampTrust& trust)
      : header_stamps_(trust),
        body_stamps_(trust),
        header_(&header_stamps_),
        body_(&body_stamps_) {}

  // Another content begins.
  void begin();
  void take(std::string_view bytes);
  // All has come. What follows is known from then on.
  void finish();

  // What is known of its stamp, which is that of the header, or else of the body where that is no
  // quotation. stamp(): where it is believed().
  [[nodiscard]] StampFinding finding() const;
  [[nodiscard]] const Stamp& stamp() const;

  [[nodiscard]] const HeaderReader& header() const { return header_; }
  [[nodiscard]] const CanonicalBody& body() const { return body_; }
  // Whether the body has that stamp, with which it was sent.
  [[nodiscard]] bool stamped_body() const;

 private:
  void begin_body();
  [[nodiscard]] bool is_own(const BodyStamp& found) const;

  StampReader header_stamps_;
  StampReader body_stamps_;
  HeaderReader header_;
  CanonicalBody body_;
};

// The same at the sending end, of header and body apart: a body that many messages share is read
// once.
class ContentHasher {
 public:
  ContentHasher() : header_(nullptr), body_(nullptr) {}

  // A header section, with the empty line below it or without; all that a body needs to know of it
  // is in entity().
  HeaderDigest header(std::string_view text);
  // The same in pieces of the content: begin_header(), take_header() for each until header_over(),
  // which returns what of the piece is below the empty line, and end_header().
  void begin_header() { header_.begin(); }
  std::string_view take_header(std::string_view piece) { return header_.take(piece); }
  [[nodiscard]] bool header_over() const { return header_.over(); }
  HeaderDigest end_header();
  // The bytes of the header that was read last, with the empty line if that was there.
  [[nodiscard]] std::uint64_t header_size() const;
  [[nodiscard]] const MimeEntity& entity() const { return header_.entity(); }

  // A body in one piece or in several: begin_body(), take_body() for each, end_body().
  void begin_body(const MimeEntity& entity) { body_.begin(entity, {}); }
  void take_body(std::string_view piece) { body_.take(piece); }
  BodyDigest end_body();
  // The bytes of the body that was read last, with the CR LF that its last line may lack.
  [[nodiscard]] std::uint64_t body_size() const { return body_.text().exact_size(); }

  // All of a content.
  ContentDigest content(std::string_view text);

 private:
  HeaderReader header_;
  CanonicalBody body_;
};

}  // namespace millrace::proof
