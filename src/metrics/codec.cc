#include "metrics/codec.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <cstdint>

#include "base/diagnostics.h"

namespace millrace::metrics {
namespace {

// The format is that of HdrHistogram's AbstractHistogram.encodeIntoByteBuffer(): numbers are big
// endian, counts are ZigZag LEB128 of at most nine bytes, a negative one a run of noughts.
constexpr std::uint32_t kCookie = 0x1c84'9313;
constexpr std::uint32_t kCompressedCookie = 0x1c84'9314;
constexpr std::size_t kHeaderSize = 40;
constexpr std::size_t kCompressedHeaderSize = 8;

// A slot takes at most nine bytes: what claims to be larger is no histogram of ours.
constexpr std::size_t kLargestPlain = kHeaderSize + 9 * Histogram::kSlots;

// More than any run counts, and little enough for a thousand histograms to be added.
constexpr std::uint64_t kMostCounted = std::uint64_t{1} << 53;

// The double that HdrHistogram calls its conversion ratio: 1.
constexpr std::uint64_t kRatioBits = 0x3ff0'0000'0000'0000;

void put(std::string& out, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes));
}

std::uint64_t take(std::string_view& bytes, unsigned count) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(0, count)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  bytes.remove_prefix(count);
  return number;
}

void put_count(std::string& out, std::int64_t count) {
  auto rest = static_cast<std::uint64_t>(count) << 1 ^ static_cast<std::uint64_t>(count >> 63);
  // (No count is so high that it takes a ninth byte, which has no mark: kMostCounted.)
  for (; rest >= 0x80; rest >>= 7) out += static_cast<char>(rest | 0x80);
  out += static_cast<char>(rest);
}

std::optional<std::int64_t> take_count(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (unsigned place = 0;; ++place) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    // The ninth byte has no mark of going on: all of its bits count.
    const bool last = place == 8 || (byte & 0x80) == 0;
    number |= std::uint64_t{place == 8 ? byte : byte & 0x7fU} << (7 * place);
    if (last) break;
  }
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

std::string plain(const Histogram& histogram) {
  std::string counts;
  const std::size_t used = histogram.used_slots();
  for (std::size_t slot = 0; slot < used;) {
    std::int64_t nothing = 0;
    for (; slot < used && histogram.count_at(slot) == 0; ++slot) ++nothing;
    if (nothing > 0) {
      put_count(counts, -nothing);
      continue;
    }
    put_count(counts, static_cast<std::int64_t>(histogram.count_at(slot++)));
  }
  std::string out;
  put(out, kCookie, 4);
  put(out, counts.size(), 4);
  put(out, 0, 4);  // normalizing index offset
  put(out, Histogram::kDigits, 4);
  put(out, 1, 8);
  put(out, Histogram::kMost, 8);
  put(out, kRatioBits, 8);
  return out + counts;
}

bool take_counts(std::string_view counts, Histogram& histogram) {
  std::uint64_t slot = 0;
  while (!counts.empty()) {
    const auto count = take_count(counts);
    if (!count) return false;
    if (*count <= 0) {
      if (*count < -static_cast<std::int64_t>(Histogram::kSlots)) return false;
      slot += static_cast<std::uint64_t>(-*count) + (*count == 0 ? 1 : 0);
      continue;
    }
    const auto times = static_cast<std::uint64_t>(*count);
    if (slot >= Histogram::kSlots || times > kMostCounted - histogram.count()) return false;
    histogram.count_at(slot++, times);
  }
  return true;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > 2 * kLargestPlain) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  const std::size_t padding = text.size() - text.find_last_not_of('=') - 1;
  if (padding > 2) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

// What it returns lasts until the next call on the same thread.
std::optional<std::string_view> inflate_whole(std::string_view packed) {
  static thread_local std::string bytes(kLargestPlain, '\0');
  uLongf length = bytes.size();
  if (uncompress(reinterpret_cast<Bytef*>(bytes.data()), &length,
                 reinterpret_cast<const Bytef*>(packed.data()), packed.size()) != Z_OK) {
    return std::nullopt;
  }
  return std::string_view(bytes).substr(0, length);
}

}  // namespace

std::string encode(const Histogram& histogram) {
  const std::string bytes = plain(histogram);
  uLongf length = compressBound(bytes.size());
  std::string packed(length, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                Z_DEFAULT_COMPRESSION) != Z_OK) {
    throw Fatal("zlib could not compress a histogram");
  }
  packed.resize(length);
  std::string out;
  put(out, kCompressedCookie, 4);
  put(out, packed.size(), 4);
  return base64(out + packed);
}

bool decode(std::string_view text, Histogram& histogram) {
  const auto outer = from_base64(text);
  if (!outer || outer->size() < kCompressedHeaderSize) return false;
  std::string_view rest = *outer;
  const std::uint64_t cookie = take(rest, 4);
  const std::uint64_t length = take(rest, 4);
  if (cookie != kCompressedCookie || length != rest.size()) return false;
  const auto inner = inflate_whole(rest);
  if (!inner || inner->size() < kHeaderSize) return false;
  rest = *inner;
  const bool known = take(rest, 4) == kCookie && take(rest, 4) == inner->size() - kHeaderSize &&
                     take(rest, 4) == 0 && take(rest, 4) == Histogram::kDigits &&
                     take(rest, 8) == 1 && take(rest, 8) == Histogram::kMost &&
                     take(rest, 8) == kRatioBits;
  histogram.clear();
  return known && take_counts(rest, histogram);
}

std::optional<Histogram> decode(std::string_view text) {
  Histogram histogram;
  if (!decode(text, histogram)) return std::nullopt;
  return histogram;
}

}  // namespace millrace::metrics
