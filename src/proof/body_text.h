#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proof/marked_hash.h"
#include "proof/stamp.h"
#include "proof/stamp_reader.h"

namespace millrace::proof {

// A stamp that stands in a body, and what is above it.
struct BodyStamp {
  StampFinding finding = StampFinding::none;
  bool cut = false;  // the body ends within it, or within what may be one
  Stamp stamp;
  BodyDigest above;
  std::uint64_t above_size = 0;  // bytes as it is
  std::uint64_t end = 0;         // bytes of the canonical form up to the end of the stamp
};

// The text of a body, hashed as it comes: as it is; and in canonical form, which is without blanks
// at the end of lines and without the end of the last line and empty lines behind it. As long as
// both are the same they are hashed once. Memory is the same for any body.
//
// Of more than kMostBlanks blanks in a row those of the first kMostBlanks stay, at the end of a
// line too: no line is that long (RFC 5321, 4.5.3.1.6).
class BodyText {
 public:
  static constexpr std::size_t kMostBlanks = 1'000;

  // How a body comes.
  enum class Source : std::uint8_t {
    plain,    // by take()
    decoded,  // by take_decoded() and take_encoded()
  };

  // `stamps`: what reads those that stand in the text; null: none is looked for.
  explicit BodyText(StampReader* stamps);
  // `watched`: as MarkedHash has it.
  void begin(Source source, std::optional<std::uint64_t> watched);

  // The next text of a body that is sent as it is.
  void take(std::string_view text);

  // The next of a decoded text; and then what that was decoded from.
  void take_decoded(std::string_view text) { scan(text); }
  void take_encoded(std::string_view text);
  // A decoded text ends here, and another one may begin: what the canonical form has in between.
  void separate(std::string_view separator);

  // All has come. A last line without its end is given one.
  void finish();

  // Of all of it, once finished; its encodings are not known here.
  [[nodiscard]] BodyDigest digest() const;
  [[nodiscard]] std::uint64_t exact_size() const { return exact_size_; }
  [[nodiscard]] const MarkedHash& canonical() const { return canonical_; }
  // The last stamp that is believed, else the last of the others.
  [[nodiscard]] const BodyStamp& stamp() const { return stamp_; }

 private:
  void scan(std::string_view text);
  void flush();
  void emit(std::string_view text);
  void set_apart(std::string_view rest);
  [[nodiscard]] bool at_line_start() const;
  [[nodiscard]] Hash128 exact() const;
  [[nodiscard]] bool may_begin_stamp(std::string_view text) const;
  void begin_stamp(std::string_view text);
  void end_stamp(std::uint64_t end);

  Source source_ = Source::plain;
  MarkedHash canonical_;
  bool begun_ = false;  // the text at hand has anything that is canonical
  // What came behind that and may yet be the end of a line or of the text, in this order.
  std::uint64_t line_ends_ = 0;
  std::string blanks_;
  bool cr_ = false;

  // Until the body is seen not to be canonical, it is what is canonical and line_ends_.
  bool apart_ = false;
  Hasher exact_;                // from then on
  std::string_view not_exact_;  // of the text at hand, what that is still to be told
  std::uint64_t exact_size_ = 0;
  mutable Hasher scratch_;

  StampReader* stamps_;
  bool reading_ = false;  // candidate_ is being read
  BodyStamp candidate_;
  BodyStamp stamp_;
};

}  // namespace millrace::proof
