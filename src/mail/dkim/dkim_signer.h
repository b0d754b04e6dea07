#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/dkim/dkim_body.h"
#include "mail/dkim/dkim_key.h"

namespace millrace::mail {

struct DkimOptions {
  std::string domain;    // d=
  std::string selector;  // s=
  std::string key_file;  // PEM

  // The names of the fields that are signed where a message has them; empty: default_dkim_fields().
  std::vector<std::string> fields;

  // t=, when the messages were signed. Of the whole run, so that a message that is made again is
  // the same; nothing: not told.
  std::optional<std::chrono::sys_seconds> time;
};

// The fields that say what a message is and from whom (RFC 6376, 5.4.1, Message-ID, what MIME makes
// of the body, and what RFC 8058 asks for). Nothing that is added or changed on the way.
const std::vector<std::string>& default_dkim_fields();

// Makes DKIM-Signature fields (RFC 6376, Ed25519 by RFC 8463), relaxed/relaxed. Safe on all threads
// once made. The same message has the same signature.
class DkimSigner {
 public:
  // Throws Fatal: what is no domain or no name of a field, and for the key what DkimKey says.
  explicit DkimSigner(const DkimOptions& options);

  // Puts the field that signs a message to the end of `out`, with its CR LF: folded, lines of at
  // most 78 characters but for names that are longer. It belongs in front of the message's `header`
  // section, whose lines end in CR LF.
  //
  // Each field of a name that is to be signed is, the lowest first, at most kMostSigned in all.
  // From is once more in h= than it is there, so that none can be added, as other signers do it.
  // Without a From a message cannot be signed (RFC 6376, 5.4): nothing is put, and this is false.
  bool append_signature(std::string_view header, const BodyHash& body, std::string& out) const;

  // A header with more fields than this is no message that anybody would sign.
  static constexpr std::size_t kMostSigned = 100;

 private:
  DkimKey key_;
  std::vector<std::string> names_;  // as h= has them, each with a colon; From is the first
  std::string opening_;             // of the field: what is the same in all
};

}  // namespace millrace::mail
