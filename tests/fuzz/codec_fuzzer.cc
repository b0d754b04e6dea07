// Histograms behind Base64 and compression. The first byte says at which layer the input stands, so
// that the search need not find a checksum: what is decoded can be written and read again.
#include <zlib.h>

#include <string>

#include "base64.h"
#include "metrics/codec.h"
#include "pieces.h"

using namespace millrace;

namespace {

std::string big_endian(std::size_t number) {
  std::string bytes(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(number >> (24 - 8 * i));
  return bytes;
}

// The outer header, and what is behind it.
std::string wrapped(std::string_view packed) {
  return fuzz::base64(std::string("\x1c\x84\x93\x14") + big_endian(packed.size()).append(packed));
}

std::string compressed(std::string_view plain) {
  uLongf length = compressBound(plain.size());
  std::string packed(length, '\0');
  fuzz::require(compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                          reinterpret_cast<const Bytef*>(plain.data()), plain.size(),
                          Z_BEST_SPEED) == Z_OK);
  packed.resize(length);
  return packed;
}

// The inner header as this build writes it, and counts that are the input's.
std::string with_header(std::string_view counts) {
  using namespace std::string_view_literals;
  return std::string("\x1c\x84\x93\x13") + big_endian(counts.size()) +
         std::string(
             "\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1"
             "\0\0\0\0\xd6\x93\xa4\0\x3f\xf0\0\0\0\0\0\0"sv)
             .append(counts);
}

std::string layered(std::uint8_t layer, std::string_view bytes) {
  switch (layer % 5) {
    case 0:
      return std::string(bytes);
    case 1:
      return fuzz::base64(bytes);
    case 2:
      return wrapped(bytes);
    case 3:
      return wrapped(compressed(bytes));
    default:
      return wrapped(compressed(with_header(bytes)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text = layered(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  const auto histogram = metrics::decode(text);
  if (!histogram) return 0;
  fuzz::require(histogram->percentile(0.5) <= histogram->most());
  const auto again = metrics::decode(metrics::encode(*histogram));
  fuzz::require(again && again->count() == histogram->count());
  fuzz::require(again->used_slots() == histogram->used_slots());
  fuzz::require(again->most() == histogram->most() && again->least() == histogram->least());
  return 0;
}
