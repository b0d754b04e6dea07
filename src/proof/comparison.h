#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proof/content_reader.h"

namespace millrace::proof {

// What became of a content on its way; of several changes the last in this order is told.
enum class Change : std::uint8_t {
  // Lawful: nobody who reads the message notices.
  same,            // to the byte
  headers_added,   // fields above the stamp, or others in one place below it
  refolded,        // white space in the header, the case of names, or fields that do not count
  blanks_changed,  // blanks at the end of lines, empty lines at the end, and the like
  re_encoded,      // another transfer encoding, the same when decoded
  // Not lawful.
  footer_added,     // the body is whole, and more text follows it
  headers_changed,  // fields are missing, others, or in another order
  truncated,        // the body is shorter, and its beginning is what was sent, as far as known
  body_changed,
};
inline constexpr std::size_t kChanges = 9;

constexpr bool lawful(Change change) { return change < Change::footer_added; }

// As reports have it: "headers-added".
std::string_view change_name(Change change);

struct Comparison {
  Change header = Change::same;  // same, headers_added, refolded or headers_changed
  Change body = Change::same;    // one of the others

  [[nodiscard]] Change worst() const { return header < body ? body : header; }
  bool operator==(const Comparison&) const = default;
};

// Holds a content that has come, whose stamp is believed, against what its stamp says was sent.
Comparison compare(const ContentReader& content);

}  // namespace millrace::proof
