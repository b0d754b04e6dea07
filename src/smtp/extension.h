#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::smtp {

// The service extensions that both sides know, named as EHLO announces them.
enum class Extension : std::uint8_t {
  pipelining,             // RFC 2920
  size,                   // RFC 1870
  eight_bit_mime,         // RFC 6152
  auth,                   // RFC 4954
  xclient,                // Postfix
  xforward,               // Postfix
  enhanced_status_codes,  // RFC 2034
  dsn,                    // RFC 3461
  chunking,               // RFC 3030
  binary_mime,            // RFC 3030
  smtp_utf8,              // RFC 6531
  starttls,               // RFC 3207
  require_tls,            // RFC 8689
  mt_priority,            // RFC 6710
  limits,                 // RFC 9422
};

inline constexpr std::size_t kExtensionCount = 15;

inline constexpr std::array<std::string_view, kExtensionCount> kExtensionKeywords = {
    "PIPELINING",          "SIZE",        "8BITMIME", "AUTH",       "XCLIENT",  "XFORWARD",
    "ENHANCEDSTATUSCODES", "DSN",         "CHUNKING", "BINARYMIME", "SMTPUTF8", "STARTTLS",
    "REQUIRETLS",          "MT-PRIORITY", "LIMITS"};

constexpr std::size_t index(Extension extension) { return static_cast<std::size_t>(extension); }
constexpr std::string_view keyword(Extension extension) {
  return kExtensionKeywords[index(extension)];
}

// The extension of a keyword in any case, or nothing.
std::optional<Extension> find_extension(std::string_view keyword);

class ExtensionSet {
 public:
  constexpr ExtensionSet() = default;
  constexpr ExtensionSet(std::initializer_list<Extension> members) {
    for (const Extension member : members) add(member);
  }

  constexpr void add(Extension extension) { bits_ |= bit(extension); }
  constexpr void remove(Extension extension) { bits_ &= ~bit(extension); }
  [[nodiscard]] constexpr bool has(Extension extension) const {
    return (bits_ & bit(extension)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  // The first member in the order of the enumeration; the set must not be empty.
  [[nodiscard]] Extension first() const;

  constexpr ExtensionSet operator&(ExtensionSet other) const { return {bits_ & other.bits_}; }
  constexpr ExtensionSet operator|(ExtensionSet other) const { return {bits_ | other.bits_}; }
  constexpr ExtensionSet operator-(ExtensionSet other) const { return {bits_ & ~other.bits_}; }
  constexpr bool operator==(const ExtensionSet&) const = default;

 private:
  constexpr ExtensionSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Extension extension) { return 1U << index(extension); }

  std::uint32_t bits_ = 0;
};

constexpr ExtensionSet all_extensions() {
  ExtensionSet all;
  for (std::size_t place = 0; place < kExtensionCount; ++place) {
    all.add(static_cast<Extension>(place));
  }
  return all;
}

}  // namespace millrace::smtp
