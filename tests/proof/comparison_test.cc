#include "proof/comparison.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proof/stamper.h"

namespace millrace::proof {
namespace {

const StampKey kKey{.bytes = {1, 2, 3}};
constexpr RunId kRun{0x1234, 0x5678};
constexpr std::uint64_t kNumber = 7;

std::string stamp_of(std::string_view content) {
  ContentHasher hasher;
  return std::string(Stamper(kRun, kKey).stamp(kNumber, 1, 2, hasher.content(content)));
}

// As a source sends it, also with the stamp in its body.
std::string stamped(const std::string& content) { return stamp_of(content) + content; }
std::string stamped_twice(const std::string& content) {
  const bool whole = content.empty() || content.ends_with("\r\n");
  return stamped(content) + (whole ? "" : "\r\n") + stamp_of(content);
}

struct Found {
  StampFinding finding = StampFinding::none;
  std::optional<Comparison> comparison;  // where the stamp is believed
  std::uint64_t number = 0;

  bool operator==(const Found&) const = default;
};

Found read(ContentReader& reader, const std::vector<std::string_view>& pieces) {
  reader.begin();
  for (const std::string_view piece : pieces) reader.take(piece);
  reader.finish();
  if (!believed(reader.finding())) return {.finding = reader.finding()};
  return {reader.finding(), compare(reader), reader.stamp().number};
}

std::vector<std::string_view> in_pieces(std::string_view text, std::size_t length) {
  std::vector<std::string_view> pieces;
  for (; !text.empty(); text.remove_prefix(std::min(length, text.size()))) {
    pieces.push_back(text.substr(0, length));
  }
  return pieces;
}

// What is found of a content, which must be the same however it is cut.
Found found(const std::string& received) {
  ContentReader reader({kKey, kRun});
  const std::string_view text = received;
  Found all = read(reader, {text});
  const std::size_t step = text.size() < 2'000 ? 1 : 101;  // all of what is long takes too long
  for (std::size_t at = 0; at <= text.size(); at += step) {
    EXPECT_EQ(read(reader, {text.substr(0, at), text.substr(at)}), all) << "cut at " << at;
  }
  for (const std::size_t length : {1U, 2U, 3U, 7U, 64U, 130U}) {
    EXPECT_EQ(read(reader, in_pieces(text, length)), all) << "pieces of " << length;
  }
  return all;
}

Comparison compared(const std::string& received) {
  const Found all = found(received);
  EXPECT_EQ(all.finding, StampFinding::genuine);
  EXPECT_EQ(all.number, kNumber);
  return all.comparison.value_or(Comparison{});
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

const std::string kHeader =
    "From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: a word  or\r\n two\r\n"
    "Date: Thu, 26 Nov 2026 07:00:00 +0000\r\n";
const std::string kBody =
    "Dear Bob,\r\n\r\nX-Mas is near, and so is\tthe end = of the year.\r\n-- \r\nAnn\r\n";
const std::string kPlain = kHeader + "\r\n" + kBody;
const std::string kUtf8 = kHeader +
                          "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
                          "e\r\n=3D is not decoded \r\n";
const std::string kParts =
    kHeader +
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"outer =\"\r\n\r\n"
    "For old readers.\r\n--outer =\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    "--in\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4 plain\r\n"
    "--in\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>\xc3\xa4</p>\r\n"
    "--in--\r\n--outer =\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: within\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n"
    "--outer =\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "iVBORw0KGgo=\r\n--outer =--\r\n";

const std::string kBytes =
    kHeader + "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\nabc*\r\n";
const std::string kBase64 = kHeader +
                            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                            "R3LD\r\nvMOf\r\nZQ==\r\n";
const std::string kLong = "X-Long: " + std::string(3'000, 'l') + "\r\n";

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int time = 0; time < times; ++time) all += text;
  return all;
}

// Of more multiparts and messages within each other than are looked into.
std::string deep() {
  std::string content = kHeader;
  for (int level = 0; level < 20; ++level) {
    const std::string boundary = "b" + std::to_string(level);
    content +=
        "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  for (int level = 0; level < 20; ++level) content += "Content-Type: message/rfc822\r\n\r\n";
  return content + "\r\ntext\r\n";
}

TEST(Comparison, OfWhatCameAsItWasSentIsTheSame) {
  for (const std::string& content :
       {kPlain,
        kUtf8,
        kParts,
        replaced(kParts, "For old", std::string(200, 'x') + "--outer =\r\nold"),
        deep(),
        kHeader,
        kHeader + "\r\n",
        std::string("\r\n"),
        kHeader + "\r\nno end of line",
        kHeader + "\r\n\r\n\r\n",
        kHeader + "\r\nblank \r\n \r\n",
        kHeader + "\r\na\rb\nc\r",
        kHeader + "\r\n" + std::string(5'000, 'X'),
        kHeader + "\r\n" + std::string(3'000, ' ') + "x" + std::string(3'000, ' ') + "\r\n",
        kLong + kPlain,
        std::string("no field\r\n\r\nx\r\n"),
        kHeader + "\r\nX-Millrace-Stamp: v:1;\r\nX-M\r\n",
        "X-Millrace-Stamp: other\r\n" + kPlain,
        stamped(kPlain),
        kHeader + "\r\n" + stamp_of("other")}) {
    EXPECT_EQ(compared(stamped(content)), Comparison{}) << content;
    if (content.find("\r\n\r\n") == content.npos) continue;  // no place for a second one
    EXPECT_EQ(compared(stamped_twice(content)), Comparison{}) << content;
  }
}

struct Case {
  const char* what;
  std::string sent;
  std::string received;  // without the stamp
  Comparison expected;
};

std::string without_line_ends(std::string text) {
  while (text.ends_with("\r\n")) text.resize(text.size() - 2);
  return text;
}

const std::vector<Case>& cases() {
  using enum Change;
  static const std::vector<Case> all = {
      // Lawful.
      {"a field at the end of the header",
       kPlain,
       kHeader + "Message-Id: <1@x>\r\n\r\n" + kBody,
       {headers_added, same}},
      {"fields below the stamp",
       kPlain,
       "X-Scanned: yes\r\nX-Spam: no\r\n" + kPlain,
       {headers_added, same}},
      {"fields in the middle",
       kPlain,
       replaced(kPlain, "To:", "Sender: x\r\nX-A: 1\r\n\tb\r\nTo:"),
       {headers_added, same}},
      {"fields above and below",
       kPlain,
       "X-A: 1\r\n" + kHeader + "X-B: 2\r\n\r\n" + kBody,
       {headers_added, same}},
      {"a trace field in the middle",
       kPlain,
       replaced(kPlain, "To:", "Received: by x; now\r\nTo:"),
       {refolded, same}},
      {"a fold taken out", kPlain, replaced(kPlain, "\r\n two", " two"), {refolded, same}},
      {"a fold put in", kPlain, replaced(kPlain, "Nov 2026", "Nov\r\n\t2026"), {refolded, same}},
      {"blanks within a field", kPlain, replaced(kPlain, "word  or", "word or "), {refolded, same}},
      {"blanks ahead of a value", kPlain, replaced(kPlain, "To: ", "To:"), {refolded, same}},
      {"names in another case", kPlain, replaced(kPlain, "Subject", "SUBJECT"), {refolded, same}},
      {"refolded and added",
       kPlain,
       "X-A: 1\r\n" + replaced(kPlain, "To: ", "To:\r\n "),
       {headers_added, same}},
      {"trailing blanks dropped",
       kPlain,
       replaced(kPlain, "-- \r\n", "--\r\n"),
       {same, blanks_changed}},
      {"trailing blanks added",
       kPlain,
       replaced(kPlain, "Bob,", "Bob, \t"),
       {same, blanks_changed}},
      {"empty lines at the end", kPlain, kPlain + "\r\n\r\n", {same, blanks_changed}},
      {"no last end of line", kPlain, without_line_ends(kPlain), {same, same}},
      {"to quoted-printable",
       kPlain,
       kHeader + "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                 "Dear Bob,\r\n\r\nX-Mas is near, =\r\nand so is=09the end =3D of= \t\r\n"
                 " the year.\r\n--=20\r\nAnn\r\n",
       {refolded, re_encoded}},
      {"to quoted-printable, all escaped",
       kUtf8,
       replaced(replaced(replaced(kUtf8, "8bit", "quoted-printable"), "\xc3\xbc\xc3\x9f",
                         "=C3=bc=c3=9F"),
                "=3D is not decoded ", "=3D3D is not decoded=20"),
       {refolded, re_encoded}},
      {"to base64",
       kUtf8,
       replaced(replaced(kUtf8, "8bit", "BASE64"),
                "Gr\xc3\xbc\xc3\x9f"
                "e\r\n=3D is not decoded \r\n",
                "R3LD\r\nvMOfZQ0KPTNEIGlzIG5vdCBkZWNvZGVkIA0K\r\n"),
       {refolded, re_encoded}},
      {"to quoted-printable with what is none",
       kHeader + "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                 "a =4\r\nb =G, =4G, =A, =4A\r\nc 4\r\n",
       kHeader + "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                 "a =4\r\nb =G, =4G, ==41, =4=41\r\nc =\r\n=34\r\n",
       {refolded, re_encoded}},
      {"to base64 that ends in a byte",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYWJjKg=="),
       {refolded, re_encoded}},
      {"to base64 that was put together",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYQ==YmM=Kg=="),
       {refolded, re_encoded}},
      {"base64 in other lines",
       kBase64,
       replaced(kBase64, "R3LD\r\nvMOf\r\n", "R3 LDv\t\r\n\r\n MOf"),
       {same, blanks_changed}},
      {"base64 that is none, in other lines",
       replaced(kBase64, "ZQ==\r\n", "Z-Q=\r\nAB"),
       replaced(kBase64, "ZQ==\r\n", "Z-\r\nQ=A B"),
       {same, blanks_changed}},
      {"to base64 of one line",
       replaced(kBytes, "abc*", repeated("abc", 3'000)),
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\n" + repeated("YWJj", 3'000)),
       {refolded, re_encoded}},
      {"parts to other encodings",
       kParts,
       replaced(replaced(replaced(replaced(replaced(kParts, "8bit", "quoted-printable"),
                                           "\xc3\xa4 plain", "=C3=A4 plain"),
                                  "8bit\r\n\r\n<p>\xc3\xa4</p>", "base64\r\n\r\nPHA+w6Q8L3A+DQo="),
                         "8bit\r\n\r\n\xc3\xbc", "quoted-printable\r\n\r\n=C3=BC"),
                "iVBORw0KGgo=", "iVBO\r\nRw0K\r\nGgo="),
       {same, re_encoded}},
      {"a part's header refolded",
       kParts,
       replaced(kParts, "alternative; ", "alternative;\r\n\t"),
       {same, blanks_changed}},
      // Not lawful.
      {"a field taken out",
       kPlain,
       replaced(kPlain, "To: bob@example.net\r\n", ""),
       {headers_changed, same}},
      {"all fields taken out", kPlain, "\r\n" + kBody, {headers_changed, same}},
      {"a value changed", kPlain, replaced(kPlain, "bob@", "eve@"), {headers_changed, same}},
      {"the end of a long value",
       kLong + kPlain,
       replaced(kLong, "l\r\n", "m\r\n") + kPlain,
       {headers_changed, same}},
      {"the beginning of a long value",
       kLong + kPlain,
       replaced(kLong, " l", " m") + kPlain,
       {headers_changed, same}},
      {"a field for another",
       kPlain,
       replaced(kPlain, "Subject:", "X-Subject:"),
       {headers_changed, same}},
      {"another order",
       kPlain,
       replaced(replaced(kPlain, "To: bob@example.net\r\n", ""),
                "From:", "To: bob@example.net\r\nFrom:"),
       {headers_changed, same}},
      {"fields in two places between",
       kPlain,
       replaced(replaced(kPlain, "To:", "X-A: 1\r\nTo:"), "Date:", "X-B: 2\r\nDate:"),
       {headers_changed, same}},
      {"a word of the subject joined",
       kPlain,
       replaced(kPlain, "word  or", "wordor"),
       {headers_changed, same}},
      {"a byte of the body", kPlain, replaced(kPlain, "Dear", "Deer"), {same, body_changed}},
      {"a line less",
       kPlain,
       replaced(kPlain, "Dear Bob,\r\n\r\n", "Dear Bob,\r\n"),
       {same, body_changed}},
      {"blanks ahead of a line",
       kPlain,
       replaced(kPlain, "Ann\r\n", " Ann\r\n"),
       {same, body_changed}},
      {"a footer", kPlain, kPlain + "-- \r\nScanned by nobody\r\n", {same, footer_added}},
      {"a footer on the last line",
       kPlain,
       without_line_ends(kPlain) + " and others\r\n",
       {same, footer_added}},
      {"a text ahead", kPlain, kHeader + "\r\nWarning!\r\n" + kBody, {same, body_changed}},
      {"half of the body",
       kPlain,
       kPlain.substr(0, kPlain.size() - kBody.size() / 2),
       {same, truncated}},
      {"no body", kPlain, kHeader, {same, truncated}},
      {"no bytes", kPlain, "", {headers_changed, truncated}},
      {"to base64 that is not filled up",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYWJjKg"),
       {refolded, body_changed}},
      {"to base64 with a digit too many",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYWJjKg==A"),
       {refolded, footer_added}},
      {"to base64 with a byte that is no digit",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYQ==YmM=-Kg=="),
       {refolded, body_changed}},
      {"to base64 with bits of no byte",
       kBytes,
       replaced(kBytes, "8bit\r\n\r\nabc*", "base64\r\n\r\nYWJjKh=="),
       {refolded, body_changed}},
      {"base64 with a text behind it",
       kBase64,
       kBase64 + "-- \r\nScanned by nobody\r\n",
       {same, footer_added}},
      {"a byte of an image", kParts, replaced(kParts, "iVBO", "iVBP"), {same, body_changed}},
      {"a boundary changed",
       kParts,
       replaced(kParts, "\r\n--in\r\n", "\r\n--im\r\n"),
       {same, body_changed}},
      {"a part's field changed",
       kParts,
       replaced(kParts, "text/html", "text/htm2"),
       {same, body_changed}},
      {"a footer in a multipart", kParts, kParts + "Scanned\r\n", {same, footer_added}},
      {"CR LF as LF", kPlain, replaced(kPlain, "Bob,\r\n", "Bob,\n"), {same, body_changed}},
      {"the character set",
       kUtf8,
       replaced(replaced(kUtf8, "\xc3\xbc", "\xfc"), "\xc3\x9f", "\xdf"),
       {same, body_changed}},
      {"header and body",
       kPlain,
       replaced(kPlain + "more\r\n", "bob@", "eve@"),
       {headers_changed, footer_added}},
  };
  return all;
}

TEST(Comparison, SaysWhatWasChanged) {
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.what);
    const Comparison got = compared(stamp_of(each.sent) + each.received);
    EXPECT_EQ(change_name(got.header), change_name(each.expected.header));
    EXPECT_EQ(change_name(got.body), change_name(each.expected.body));
  }
}

TEST(Comparison, DoesNotMindWhatIsAboveTheStamp) {
  const std::string above = "Return-Path: <x@y>\r\nReceived: from a\r\n\tby b; now\r\nX-Any: 1\r\n";
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.what);
    ContentReader reader({kKey, kRun});
    const std::string received = above + stamp_of(each.sent) + each.received;
    const Comparison got = read(reader, {received}).comparison.value_or(Comparison{});
    const Comparison expected = each.expected;
    EXPECT_EQ(got.body, expected.body);
    EXPECT_EQ(got.header,
              expected.header == Change::same ? Change::headers_added : expected.header);
  }
}

// Whether a byte for another may be lawful: a letter of a name in another case, or blanks.
bool may_be_lawful(char before, char after) {
  const auto blank = [](char byte) { return byte == ' ' || byte == '\t'; };
  return (before ^ after) == 0x20 || (blank(before) && blank(after));
}

TEST(Comparison, SeesEveryBitThatFlips) {
  ContentReader reader({kKey, kRun});
  for (const std::string& content : {kPlain, kUtf8}) {
    const std::string stamp = stamp_of(content);
    for (std::size_t i = 0; i < content.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string other = content;
        other[i] = static_cast<char>(other[i] ^ 1 << bit);
        const Found all = read(reader, {stamp, other});
        ASSERT_TRUE(all.comparison) << i << " " << bit;
        const Change change = all.comparison->worst();
        ASSERT_NE(change, Change::same) << i << " " << bit;
        // Of MIME-Version and Content-Transfer-Encoding nothing is said.
        const bool counts = i < kHeader.size() || i > content.find("\r\n\r\n");
        if (counts && !may_be_lawful(content[i], other[i])) {
          ASSERT_FALSE(lawful(change)) << i << " " << bit << " " << change_name(change);
        }
      }
    }
  }
}

// One that is filled up by two bytes, one that is by one, and one that is whole and decodes to its
// own beginning.
TEST(Comparison, SeesEveryByteOfBase64) {
  ContentReader reader({kKey, kRun});
  for (const std::string_view end : {"ZQ==", "ZWU=", "Vm0w"}) {
    const std::string content = replaced(kBase64, "ZQ==", end);
    const std::string stamp = stamp_of(content);
    const std::size_t body = content.find("\r\n\r\n") + 4;
    const auto altered = [&](const std::string& other) {
      const Found all = read(reader, {stamp, other});
      return all.comparison && !lawful(all.comparison->worst());
    };
    for (std::size_t i = body; i < content.size(); ++i) {
      std::string other = content;
      for (int bit = 0; bit < 8; ++bit) {
        other[i] = static_cast<char>(content[i] ^ 1 << bit);
        EXPECT_TRUE(altered(other)) << end << " " << i << " " << bit;
      }
      EXPECT_TRUE(altered(other.erase(i, 1))) << end << " without " << i;
    }
    for (std::size_t i = body; i <= content.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        if (byte == ' ' || byte == '\t') continue;
        std::string other = content;
        EXPECT_TRUE(altered(other.insert(i, 1, static_cast<char>(byte))))
            << end << " " << i << " " << byte;
      }
    }
  }
}

TEST(Comparison, BelievesNoStampThatLiesByABit) {
  ContentReader reader({kKey, kRun});
  const std::string whole = stamped(kPlain);
  const Found unchanged = read(reader, {whole});
  for (std::size_t i = 0; i < kStampSize; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = whole;
      other[i] = static_cast<char>(other[i] ^ 1 << bit);
      const Found all = read(reader, {other});
      // Its letters in another case and its white space say what they said.
      if (all.comparison) {
        EXPECT_EQ(all.number, unchanged.number);
        EXPECT_TRUE(may_be_lawful(whole[i], other[i]) || whole[i] == '\r' || whole[i] == '\n')
            << i << " " << bit;
      }
    }
  }
}

}  // namespace
}  // namespace millrace::proof
