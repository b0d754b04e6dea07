#pragma once

#include <cstdint>
#include <string_view>

#include "proof/canonical_header.h"
#include "proof/field_hashes.h"
#include "proof/hash.h"
#include "proof/line_pieces.h"
#include "proof/stamp_reader.h"

namespace millrace::proof {

// The header of a message as it comes: its stamp, and the fields below that. The first stamp that
// is believed is the message's; all others are fields as any. Without one all fields are its own.
class HeaderReader {
 public:
  // `stamps`: as BodyText has it.
  explicit HeaderReader(StampReader* stamps) : stamps_(stamps) {}

  void begin();
  // The next of the content; what is left of it is below the empty line.
  std::string_view take(std::string_view bytes);
  // Whether the empty line has come.
  [[nodiscard]] bool over() const { return over_; }
  // All of the content has come.
  void finish();

  // Once it is over or finished. Of its own fields: their lines in bytes, and their digest.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] HeaderDigest digest() const;
  [[nodiscard]] const FieldHashes& fields() const { return hashes_; }
  // How many fields are above the stamp, of any name.
  [[nodiscard]] std::uint64_t above() const { return above_; }
  [[nodiscard]] const MimeEntity& entity() const { return fields_.entity(); }

  // What was found: of several that are not believed what is nearest to it.
  [[nodiscard]] StampFinding finding() const { return finding_; }
  [[nodiscard]] const Stamp& stamp() const { return stamp_; }

 private:
  bool take_written_stamp(std::string_view& bytes);
  void take_line(const LinePiece& line);
  void believe(StampFinding finding);
  void end_field(std::optional<std::uint64_t> hash);

  LinePieces lines_;
  CanonicalFields fields_;
  FieldHashes hashes_;
  Hasher exact_;
  std::uint64_t size_ = 0;
  std::uint64_t begun_ = 0;  // fields of any name
  std::uint64_t above_ = 0;
  bool over_ = false;

  StampReader* stamps_;
  bool reading_ = false;  // the field at hand may be a stamp
  StampFinding finding_ = StampFinding::none;
  Stamp stamp_;
};

}  // namespace millrace::proof
