// Any content: what is found of it is the same however it is cut. Sent with a stamp it is genuine
// and the same, with a stamp in its body too; and a part of it is another content.
#include <string>

#include "pieces.h"
#include "proof/comparison.h"
#include "proof/recipient_token.h"
#include "proof/stamper.h"

using namespace millrace;
using namespace millrace::proof;

namespace {

const StampKey kKey{.bytes = {1, 2, 3, 4}};
constexpr RunId kRun{1, 2};

// All that may be asked of a content that was read.
struct Found {
  StampFinding finding;
  Stamp stamp;
  bool stamped_body;
  HeaderDigest header;
  std::uint64_t above;
  BodyDigest body;
  Comparison comparison;

  bool operator==(const Found&) const = default;
};

Found found(ContentReader& reader, std::string_view text, std::size_t piece) {
  reader.begin();
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    reader.take(text.substr(0, piece));
  }
  reader.finish();
  Found all{.finding = reader.finding(),
            .header = reader.header().digest(),
            .above = reader.header().above(),
            .body = reader.body().digest()};
  if (!believed(all.finding)) return all;
  all.stamp = reader.stamp();
  all.stamped_body = reader.stamped_body();
  all.comparison = compare(reader);
  return all;
}

void check_sent(ContentReader& reader, const std::string& content, std::size_t piece) {
  ContentHasher hasher;
  const std::string stamp(Stamper(kRun, kKey).stamp(9, 1, 2, hasher.content(content)));
  const Found all = found(reader, stamp + content, piece);
  fuzz::require(all.finding == StampFinding::genuine && all.stamp.number == 9);
  // A first line with a blank ahead becomes a part of the stamp's field.
  if (content.starts_with(' ') || content.starts_with('\t')) return;
  fuzz::require(all.comparison == Comparison{});
  // Cut by a quarter it may be lawful, where only blanks go, but nothing is the same by chance.
  const Found cut = found(reader, stamp + content.substr(0, content.size() / 4 * 3), piece);
  fuzz::require(cut.finding == StampFinding::genuine);
  fuzz::require(found(reader, stamp + content.substr(0, content.size() / 4 * 3),
                      content.size() + kStampSize) == cut);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static ContentReader believing({{}, {}});  // a stamp that the input made up is believed
  static ContentReader reader({kKey, kRun});
  const std::size_t piece = std::max<std::size_t>(1, data[0]);
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Found all = found(believing, text, text.size());
  fuzz::require(found(believing, text, piece) == all && found(believing, text, 1) == all);
  check_sent(reader, text, piece);
  for (const TokenForm form : {TokenForm::tagged, TokenForm::numbered}) {
    const auto token = read_token(text, form);
    if (!token) continue;
    std::string again = "x";
    append_token(*token, form, again);
    fuzz::require(read_token(again, form) == token && again.size() <= 1 + kLongestToken);
  }
  return 0;
}
