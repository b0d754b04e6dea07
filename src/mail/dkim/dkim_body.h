#pragma once

#include <cstdint>
#include <string_view>

#include "mail/dkim/sha256.h"

namespace millrace::mail {

// SHA-256 of a body in its canonical form: what the bh= of a DKIM signature says (RFC 6376, 3.5).
using BodyHash = Sha256::Hash;

// Hashes bodies in DKIM's relaxed canonical form (RFC 6376, 3.4.4), as they come: in pieces, cut
// anywhere. What of a piece is canonical already is hashed where it lies; memory is the same for
// any body. Lines end in CR LF; a CR or an LF alone is text like any other.
class BodyHasher {
 public:
  void update(std::string_view piece);

  // The hash of the body so far; the next update() begins another one.
  BodyHash finish();

 private:
  void flush();

  Sha256 hash_;
  bool empty_ = true;  // nothing is hashed so far

  // What was seen behind that and may yet be the body's end, in this order.
  std::uint64_t line_ends_ = 0;
  bool blank_ = false;
  bool cr_ = false;
};

}  // namespace millrace::mail
