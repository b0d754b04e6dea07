#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/roll.h"
#include "mail/addresses/address_list.h"
#include "mail/addresses/address_part.h"
#include "mail/addresses/pattern.h"
#include "mail/addresses/weights.h"

namespace millrace::mail {

struct WeightedPattern {
  std::string text;
  double weight = 1;
};

// Where the addresses, the domains or the local parts of a run are drawn from: patterns with
// weights, or a file. Only read once it is made, by any number of threads. What makes one gives
// nothing where something is wrong, and `why` says what, in one line that names the pattern, or the
// file and its line.
class AddressSource {
 public:
  static std::optional<AddressSource> of_patterns(std::span<const WeightedPattern> patterns,
                                                  AddressPart part, std::string& why);
  static std::optional<AddressSource> of_file(const std::string& path, AddressPart part,
                                              std::string& why);
  // What a single text names: a file (names_file) or one pattern.
  static std::optional<AddressSource> of_text(const std::string& text, AddressPart part,
                                              std::string& why);

  // Whether it is a file: it begins with "/", "./" or "../" or, where addresses are wanted, has no
  // '@'.
  static bool names_file(std::string_view text, AddressPart part);

  // Puts one to the end of `text`.
  void append_draw(Roll& roll, std::string& text) const;

  // The first that is more than ASCII, as a message to the user names it, with its place in a file:
  // "FILE:LINE: 'text'"; empty: none is. What has one needs SMTPUTF8 (RFC 6531).
  [[nodiscard]] const std::string& beyond_ascii() const { return beyond_ascii_; }

  // How many there are, at most, that are ever drawn: those of patterns may be the same.
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct Patterns {
    std::vector<Pattern> patterns;
    Weights weights;
  };

  AddressSource(std::variant<Patterns, AddressList> from, std::uint64_t size,
                std::string beyond_ascii)
      : from_(std::move(from)), size_(size), beyond_ascii_(std::move(beyond_ascii)) {}

  std::variant<Patterns, AddressList> from_;
  std::uint64_t size_;
  std::string beyond_ascii_;
};

// Who messages are from.
struct Senders {
  AddressSource addresses;  // mailboxes
  double null_share = 0;    // 0 to 1: how many have the null reverse-path, as bounces have

  // Puts one to the end of `text`; nothing for the null reverse-path.
  void append_draw(Roll& roll, std::string& text) const;
};

// Who they are for: mailboxes of a list, or a local part at a domain, each drawn by itself.
struct MailboxesByPart {
  AddressSource local_parts;
  AddressSource domains;
};
struct Recipients {
  std::variant<AddressSource, MailboxesByPart> addresses;

  // Puts one to the end of `text`.
  void append_draw(Roll& roll, std::string& text) const;

  // As AddressSource has it.
  [[nodiscard]] std::string beyond_ascii() const;

  // How many there are, at most.
  [[nodiscard]] std::uint64_t size() const;
};

}  // namespace millrace::mail
