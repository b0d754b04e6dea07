#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::mail {

// What a pool has: whole addresses, or one side of them.
enum class AddressPart : std::uint8_t { mailbox, domain, local_part };

// An address is no longer, since a path with its brackets has 256 octets (RFC 5321, 4.5.3.1.3), and
// so is no part of it. The 64 of a local part are not insisted on: senders with the recipient in
// them have more.
inline constexpr std::size_t kLongestAddress = 254;

// Whether `text` can be sent as one (RFC 5321, 4.1.2), in UTF-8 too: that needs SMTPUTF8 (RFC
// 6531, 3.3).
bool valid_part(std::string_view text, AddressPart part);

// Why it cannot: "'a@' is no address", or not UTF-8.
std::string no_part(std::string_view text, AddressPart part);

// "address", "domain" or "local part".
std::string_view name_of(AddressPart part);

}  // namespace millrace::mail
