#include "proof/canonical_header.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/single_spaces.h"
#include "smtp/keyword.h"

namespace millrace::proof {
namespace {

using smtp::kBlanks;

constexpr std::array<std::string_view, 11> kNotCounted = {
    "mime-version", "content-transfer-encoding",
    // Trace.
    "received", "return-path", "delivered-to", "x-original-to", "envelope-to", "delivery-date",
    "authentication-results", "received-spf",
    // Taken off on the way (RFC 5322, 3.6.3).
    "bcc"};

// Fields are short: so are the blocks of them that are looked at together. (Of 16 bytes g++ makes
// single ones.)
constexpr std::size_t kFieldBlock = 32;

}  // namespace

bool counts_as_sent(std::string_view name) {
  return std::find(kNotCounted.begin(), kNotCounted.end(), name) == kNotCounted.end();
}

void CanonicalFields::begin() {
  entity_ = {};
  open_ = false;
}

std::optional<std::uint64_t> CanonicalFields::take(const LinePiece& line) {
  std::optional<std::uint64_t> before;
  if (begins_field(line)) {
    before = end();
    begin_field(line.text);
  } else {
    append_value(line.text);
  }
  return before;
}

std::optional<std::uint64_t> CanonicalFields::end() {
  if (!open_) return {};
  open_ = false;
  const std::string_view kept(kept_.data(), size_);
  if (named_) note_field(kept, entity_);
  if (!counts_) return {};
  return longer_ ? hasher_.digest().low : hash_of(kept).low;
}

void CanonicalFields::begin_field(std::string_view text) {
  open_ = true;
  named_ = false;
  counts_ = true;
  blank_ = false;
  value_ = false;
  longer_ = false;
  size_ = 0;
  std::size_t name = 0;
  while (name < text.size() && text[name] > ' ' && text[name] <= '~' && text[name] != ':') ++name;
  const std::size_t colon = std::min(text.find_first_not_of(kBlanks, name), text.size());
  if (name > 0 && name < LinePieces::kWhole && colon < text.size() && text[colon] == ':' &&
      colon < LinePieces::kWhole) {
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(name), kept_.begin(),
                   lower);
    counts_ = counts_as_sent({kept_.data(), name});
    named_ = true;
    size_ = name;
    append(":");
    text.remove_prefix(colon + 1);
  }
  append_value(text);
}

void CanonicalFields::append_value(std::string_view text) {
  while (!text.empty()) {
    if (is_blank(text.front())) {
      blank_ = true;
      text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
      continue;
    }
    if (blank_ && value_) append(" ");
    blank_ = false;
    value_ = true;
    const std::size_t length = single_spaced_length<kFieldBlock>(text);
    append(text.substr(0, length));
    text.remove_prefix(length);
  }
}

void CanonicalFields::append(std::string_view text) {
  if (!longer_) {
    const std::size_t fits = std::min(text.size(), kKept - size_);
    text.copy(kept_.data() + size_, fits);
    size_ += fits;
    text.remove_prefix(fits);
    if (text.empty()) return;
    longer_ = true;
    hasher_.reset();
    hasher_.update({kept_.data(), size_});
  }
  hasher_.update(text);
}

}  // namespace millrace::proof
