#include "proof/comparison.h"

namespace millrace::proof {
namespace {

constexpr std::array<std::string_view, kChanges> kNames = {
    "same",         "headers-added",   "refolded",  "blanks-changed", "re-encoded",
    "footer-added", "headers-changed", "truncated", "body-changed",
};

Change compare_header(const HeaderDigest& sent, const HeaderReader& header) {
  const HeaderDigest got = header.digest();
  const bool added = header.above() > 0;
  if (got == sent) return added ? Change::headers_added : Change::same;
  if (!header.fields().hold(sent.fields, sent.canonical)) return Change::headers_changed;
  return got.fields > sent.fields ? Change::headers_added : Change::refolded;
}

bool same_text(const BodyDigest& sent, const BodyDigest& got) {
  return got.size == sent.size && got.canonical == sent.canonical;
}

// A body that is not what was sent, by as much as the stamp says of its beginning.
Change unlike(const BodyDigest& sent, const MarkedHash& got) {
  if (got.size() > sent.size) {
    return got.watched() == sent.canonical ? Change::footer_added : Change::body_changed;
  }
  const auto mark = got.mark(sent.size);
  const bool alike = !mark || *mark == sent.mark;
  return got.size() < sent.size && alike ? Change::truncated : Change::body_changed;
}

Change compare_body(const BodyDigest& sent, const ContentReader& content) {
  const BodyStamp& stamp = content.body().text().stamp();
  const MarkedHash& canonical = content.body().text().canonical();
  const bool stamped = content.stamped_body();
  BodyDigest got = content.body().digest();
  // What is not below the stamp of the body is the body.
  const bool within = stamped || (stamp.cut && same_text(sent, stamp.above));
  const bool behind = stamped && canonical.size() > stamp.end;
  if (within) {
    const std::uint64_t encodings = got.encodings;
    got = stamp.above;
    got.encodings = encodings;
  }
  if (!same_text(sent, got)) return unlike(sent, canonical);
  if (behind) return Change::footer_added;
  if (within && !stamped) return Change::truncated;
  if (got.exact == sent.exact) return Change::same;
  return got.encodings == sent.encodings ? Change::blanks_changed : Change::re_encoded;
}

}  // namespace

std::string_view change_name(Change change) { return kNames.at(static_cast<std::size_t>(change)); }

Comparison compare(const ContentReader& content) {
  const ContentDigest& sent = content.stamp().content;
  return {.header = compare_header(sent.header, content.header()),
          .body = compare_body(sent.body, content)};
}

}  // namespace millrace::proof
