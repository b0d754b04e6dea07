#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proof/body_text.h"
#include "proof/canonical_header.h"
#include "proof/line_pieces.h"
#include "proof/mime_entity.h"
#include "proof/transfer_decoder.h"

namespace millrace::proof {

// A body in the form that lawful changes keep, hashed as it comes: quoted-printable and base64 are
// undone in each part of a multipart, of messages within it too; texts are as BodyText has them;
// headers of parts are the hashes of their fields (canonical_header.h) and boundaries are as they
// are. The character set of a text is not looked at. Memory is the same for any body.
class CanonicalBody {
 public:
  // Multiparts, and messages, within each other; what is deeper is text.
  static constexpr std::size_t kDeepest = 16;

  // As BodyText has it.
  explicit CanonicalBody(StampReader* stamps) : text_(stamps) {}

  // `entity`: what the message's header says of the body. `watched`: as MarkedHash has it.
  void begin(const MimeEntity& entity, std::optional<std::uint64_t> watched);
  void take(std::string_view bytes);
  void finish();

  // Once finished.
  [[nodiscard]] BodyDigest digest() const;
  [[nodiscard]] const BodyText& text() const { return text_; }
  [[nodiscard]] std::uint64_t encodings() const { return encodings_; }

 private:
  void enter(const MimeEntity& entity);
  void take_line(const LinePiece& line);
  void take_header_line(const LinePiece& line);
  bool take_boundary(std::string_view line);
  void end_part();
  void put_field(std::optional<std::uint64_t> hash);

  BodyText text_;
  std::uint64_t encodings_ = 0;
  bool plain_ = true;  // one text that is not encoded

  LinePieces lines_;
  bool in_header_ = false;  // of a part or a message
  CanonicalFields fields_;
  TransferDecoder decoder_;
  std::array<Boundary, kDeepest> boundaries_;  // of the multiparts that this is in
  std::size_t depth_ = 0;                      // how many
  std::size_t messages_ = 0;                   // each in the one before, since the last boundary
};

}  // namespace millrace::proof
