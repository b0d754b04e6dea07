#include "base/pem_certificates.h"

#include <algorithm>
#include <array>

#include "base/input_file.h"

namespace millrace {
namespace {

// Those that OpenSSL reads from a file of authorities.
constexpr std::array<std::string_view, 4> kPublicBlocks = {
    "-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----",
    "-----BEGIN TRUSTED CERTIFICATE-----", "-----BEGIN X509 CRL-----"};

// Blanks, and what is not ASCII: both are nothing to OpenSSL behind a line.
std::string_view without_blanks_behind(std::string_view line) {
  const auto blank = [](unsigned char byte) { return byte <= ' ' || byte >= 0x80; };
  while (!line.empty() && blank(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
  return line;
}

bool begins_public(std::string_view line) {
  return std::ranges::find(kPublicBlocks, without_blanks_behind(without_byte_order_mark(line))) !=
         kPublicBlocks.end();
}

}  // namespace

std::string pem_certificates(std::string_view text) {
  std::string certificates;
  bool taken = false;  // the block at hand
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // Wherever in a line another block might begin, one without an end is over.
    if (line.find("-----BEGIN") != std::string_view::npos) taken = begins_public(line);
    if (!taken) continue;
    certificates.append(line) += '\n';
    if (line.find("-----END") != std::string_view::npos) taken = false;
  }
  return certificates;
}

}  // namespace millrace
