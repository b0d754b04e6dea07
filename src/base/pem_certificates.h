#pragma once

#include <string>
#include <string_view>

namespace millrace {

// What a text in PEM (RFC 7468) has of certificates and of lists of those that were revoked (CRLs),
// line for line, without anything else that is in it, such as a key. Nothing is decoded: a block
// that is not whole stays so.
std::string pem_certificates(std::string_view text);

}  // namespace millrace
