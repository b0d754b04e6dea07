#include "proof/content_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "proof/comparison.h"
#include "proof/stamper.h"

namespace millrace::proof {
namespace {

const StampKey kKey{.bytes = {1, 2, 3}};
const StampKey kOtherKey{.bytes = {1, 2, 4}};
constexpr RunId kRun{1, 2};
constexpr RunId kOtherRun{1, 3};

const std::string kHeader = "From: a@b\r\nSubject: x\r\n";
const std::string kBody = "one\r\ntwo\r\n";
const std::string kContent = kHeader + "\r\n" + kBody;

std::string stamp_of(const std::string& content, std::uint64_t number = 7, RunId run = kRun,
                     const StampKey& key = kKey) {
  ContentHasher hasher;
  return std::string(Stamper(run, key).stamp(number, 1, 2, hasher.content(content)));
}

const std::string kStamp = stamp_of(kContent);
const std::string kForged = stamp_of(kContent, 1, kRun, kOtherKey);
const std::string kOfOtherRun = stamp_of(kContent, 1, kOtherRun);
const std::string kMalformed = "X-Millrace-Stamp: v:2; hello\r\n";

// Reads byte by byte.
ContentReader read(std::string_view text, const StampTrust& trust = {kKey, kRun}) {
  ContentReader reader(trust);
  reader.begin();
  for (const char& byte : text) reader.take({&byte, 1});
  reader.finish();
  return reader;
}

std::string changes(const ContentReader& reader) {
  const Comparison all = compare(reader);
  return std::string(change_name(all.header)) + " " + std::string(change_name(all.body));
}

TEST(ContentReader, FindsTheStampOfTheHeaderAmongOthers) {
  for (const std::string& above : {kForged, kOfOtherRun, kMalformed, kForged + kMalformed}) {
    const ContentReader reader = read(above + kStamp + kContent);
    EXPECT_EQ(reader.finding(), StampFinding::genuine);
    EXPECT_EQ(reader.stamp().number, 7U);
    EXPECT_EQ(changes(reader), "headers-added same");
  }
  // What is below is content.
  for (const std::string& below : {kForged, kOfOtherRun, kMalformed, kStamp}) {
    EXPECT_EQ(changes(read(kStamp + below + kContent)), "headers-added same");
  }
}

// A stamp that is there at once is read in another way than byte by byte.
void expect_the_same(const std::string& text, std::size_t cut) {
  ContentReader reader({kKey, kRun});
  reader.begin();
  reader.take(text.substr(0, cut));
  reader.take(text.substr(std::min(cut, text.size())));
  reader.finish();
  const ContentReader slow = read(text);
  ASSERT_EQ(reader.finding(), slow.finding()) << text;
  ASSERT_EQ(reader.stamp(), slow.stamp()) << text;
  ASSERT_EQ(reader.header().above(), slow.header().above()) << text;
  ASSERT_EQ(reader.header().size(), slow.header().size()) << text;
  ASSERT_EQ(reader.header().digest(), slow.header().digest()) << text;
  ASSERT_EQ(changes(reader), changes(slow)) << text;
}

TEST(ContentReader, SaysTheSameWhereverTheStampIsCut) {
  const std::vector<std::string> fields = {"",
                                           "\r\n",
                                           " more\r\n",
                                           "\tmore\r\n",
                                           "A: ",
                                           "A: " + std::string(200, 'x'),
                                           "Received: x\r\n",
                                           kStamp,
                                           kForged,
                                           kMalformed,
                                           kOfOtherRun,
                                           "no field\r\n",
                                           "Content-Type: text/plain\r\n"};
  for (const std::string& above : fields) {
    for (const std::string& stamp : {kStamp, kForged, kOfOtherRun}) {
      const std::size_t end = above.size() + stamp.size();
      for (const std::string& below : fields) {
        const std::string text = above + stamp + below + kContent;
        for (const std::size_t cut : {std::size_t{0}, above.size(), end, end + 1})
          expect_the_same(text, cut);
      }
      expect_the_same(above + stamp, 0);
      expect_the_same(above + stamp.substr(0, stamp.size() - 2) + "\t\r\n" + kContent, 0);
    }
  }
}

TEST(ContentReader, SaysTheSameOfAStampWithAnotherByteAnywhere) {
  for (std::size_t at = 0; at < kStamp.size(); ++at) {
    for (const char byte : {'0', 'f', 'A', ' ', '\t', '\r', '\n', ';'}) {
      std::string stamp = kStamp;
      stamp[at] = byte;
      expect_the_same("Received: x\r\n" + stamp + kContent, 0);
    }
  }
}

TEST(ContentReader, SaysWhyItBelievesNone) {
  EXPECT_EQ(read(kContent).finding(), StampFinding::none);
  EXPECT_EQ(read("").finding(), StampFinding::none);
  EXPECT_EQ(read(kMalformed + kContent).finding(), StampFinding::malformed);
  EXPECT_EQ(read(kForged + kContent).finding(), StampFinding::forged);
  EXPECT_EQ(read(kMalformed + kForged + kMalformed + kContent).finding(), StampFinding::forged);
  EXPECT_EQ(read(kOfOtherRun + kForged + kContent).finding(), StampFinding::other_run);
  EXPECT_EQ(read(kContent + kForged).finding(), StampFinding::forged);
  EXPECT_EQ(read(kContent + kOfOtherRun).finding(), StampFinding::other_run);
  EXPECT_EQ(read(kContent + "X-M\r\nX-").finding(), StampFinding::none);
  EXPECT_EQ(read(kContent + kMalformed + "more\r\n").finding(), StampFinding::malformed);
  EXPECT_EQ(read(kStamp + kContent, {{}, {}}).finding(), StampFinding::unchecked);
  // In the middle of a line there is none.
  EXPECT_EQ(read(kContent + "> " + kStamp).finding(), StampFinding::none);
  EXPECT_EQ(read("A: " + kStamp + kContent).finding(), StampFinding::none);
}

TEST(ContentReader, FindsTheStampOfTheBodyWhereTheHeaderHasNone) {
  const ContentReader reader = read(kContent + kStamp);
  EXPECT_EQ(reader.finding(), StampFinding::genuine);
  EXPECT_EQ(reader.stamp().number, 7U);
  EXPECT_TRUE(reader.stamped_body());
  EXPECT_EQ(changes(reader), "same same");
  EXPECT_EQ(changes(read("Received: x\r\n" + kContent + kStamp)), "refolded same");
  EXPECT_EQ(changes(read("X-A: x\r\n" + kHeader + "X-B: x\r\n\r\n" + kBody + kStamp)),
            "headers-added same");
  EXPECT_EQ(changes(read(kHeader + "\r\none\r\n" + kStamp)), "same body-changed");  // has its end
  EXPECT_EQ(changes(read(kContent + kForged + kStamp)), "same body-changed");
  EXPECT_EQ(changes(read(kForged + kContent + kStamp)), "headers-added same");
  EXPECT_EQ(changes(read("From: c@b\r\n\r\n" + kBody + kStamp)), "headers-changed same");
}

// As bounces do that are no reports, and people who pass something on.
TEST(ContentReader, HasNoStampThatItQuotes) {
  const std::string body = kBody + std::string(100, 'x') + "\r\n";
  const std::string stamp = stamp_of(kHeader + "\r\n" + body);
  const std::string said = "From: mailer-daemon@c\r\n\r\nSorry, I could not deliver this.\r\n\r\n";
  const std::string long_said = said + std::string(400, 'y') + "\r\n";
  for (const std::string& quoted : {
           said + stamp + kHeader + "\r\n" + body,  // all of it
           said + stamp + kHeader,                  // its header
           said + kHeader + "\r\n" + body + stamp,  // with the stamp of its body
           long_said + stamp + kHeader + "\r\n" + body + stamp,
           said + "-- \r\n" + stamp,
       }) {
    EXPECT_EQ(read(quoted).finding(), StampFinding::none) << quoted;
    EXPECT_EQ(read(kForged + quoted).finding(), StampFinding::forged);
    EXPECT_EQ(read(kStamp + quoted).stamp().number, 7U);
  }
  // It is its own below as much text, or what begins alike.
  std::string changed = body;
  changed[1] = '!';
  EXPECT_EQ(changes(read(kHeader + "\r\n" + changed + stamp)), "same body-changed");
  for (const std::string& own : {changed, body, body + "more\r\n", body.substr(0, 80) + "\r\n"}) {
    EXPECT_EQ(read(kHeader + "\r\n" + own + stamp).finding(), StampFinding::genuine) << own;
  }
}

TEST(ContentReader, SeesWhatIsPutBehindTheStampOfTheBody) {
  for (const std::string& stamp : {kStamp, std::string()}) {
    EXPECT_EQ(changes(read(stamp + kContent + kStamp + "\r\n \r\n")), "same same");
    EXPECT_EQ(changes(read(stamp + kContent + kStamp + "-- \r\nfooter\r\n")), "same footer-added");
    EXPECT_EQ(changes(read(stamp + kContent + kStamp + kForged)), "same footer-added");
  }
  EXPECT_EQ(changes(read(kStamp + kContent + "footer\r\n" + kStamp)), "same footer-added");
}

TEST(ContentReader, SeesAStampOfTheBodyThatIsCut) {
  const std::string whole = kStamp + kContent + kStamp;
  for (std::size_t cut = 3; cut < kStamp.size(); ++cut) {
    ASSERT_EQ(changes(read(whole.substr(0, whole.size() - cut))), "same truncated") << cut;
  }
  EXPECT_EQ(changes(read(kStamp + kContent)), "same same");
}

TEST(ContentReader, FindsTheStampOfABodyThatIsEncodedAnew) {
  std::string quoted;
  for (const char byte : kBody + kStamp) {
    if (byte == 'o') {
      quoted += "=6F";
    } else if (byte == ';') {
      quoted += ";=\r\n";
    } else {
      quoted += byte;
    }
  }
  const std::string mime = "Content-Transfer-Encoding: quoted-printable\r\n";
  EXPECT_EQ(changes(read(kHeader + mime + "\r\n" + quoted)), "refolded re-encoded");
  EXPECT_EQ(changes(read(kStamp + kHeader + mime + "\r\n" + quoted)), "refolded re-encoded");
  EXPECT_EQ(changes(read(kHeader + mime + "\r\n" + quoted + "footer\r\n")),
            "refolded footer-added");
}

TEST(ContentReader, BeginsAnewWithEachContent) {
  ContentReader reader({kKey, kRun});
  const std::string encoded = kHeader + "Content-Transfer-Encoding: base64\r\n\r\nb25lDQp0d28NCg==";
  struct {
    std::string text;
    StampFinding finding;
    std::string changes;
  } const contents[] = {
      {kStamp + kContent, StampFinding::genuine, "same same"},
      {kContent + kStamp, StampFinding::genuine, "same same"},
      {kContent, StampFinding::none, ""},
      {kForged + kContent + kForged, StampFinding::forged, ""},
      {kStamp + encoded, StampFinding::genuine, "refolded re-encoded"},
      {kStamp.substr(0, 200), StampFinding::malformed, ""},
      {kStamp + kContent + "  ", StampFinding::genuine, "same blanks-changed"},
      {kStamp + kHeader, StampFinding::genuine, "same truncated"},
  };
  for (const auto& first : contents) {
    for (const auto& second : contents) {
      for (const auto& each : {first, second}) {
        reader.begin();
        reader.take(each.text);
        reader.finish();
        EXPECT_EQ(reader.finding(), each.finding);
        EXPECT_EQ(believed(each.finding) ? changes(reader) : "", each.changes);
      }
    }
  }
}

TEST(ContentReader, KeepsNothingOfAContentThatBrokeOff) {
  ContentReader reader({kKey, kRun});
  const std::string encoded = kHeader + "Content-Transfer-Encoding: base64\r\n\r\nb25lDQp0d28NCg==";
  const std::string quoted =
      kHeader + "Content-Transfer-Encoding: quoted-printable\r\n\r\n=6Fne\r\ntwo\r\n";
  const std::string half = quoted + std::string(200, 'x') + "=4";  // of a byte
  for (const std::string& first : {kForged + kContent + kForged, encoded, half}) {
    for (const auto& [second, said] :
         {std::pair{kContent, "same same"}, {quoted, "refolded re-encoded"}}) {
      for (std::size_t cut = 0; cut <= first.size(); ++cut) {
        reader.begin();
        reader.take(std::string_view(first).substr(0, cut));
        reader.begin();
        reader.take(kStamp + second);
        reader.finish();
        ASSERT_EQ(reader.finding(), StampFinding::genuine) << cut;
        ASSERT_EQ(changes(reader), said) << cut;
      }
    }
  }
}

TEST(ContentHasher, CountsTheBytesOfAContent) {
  ContentHasher hasher;
  EXPECT_EQ(hasher.content(kContent).size, kContent.size());
  EXPECT_EQ(hasher.content("A: b").size, 6U);
  EXPECT_EQ(hasher.content("A: b\r\n\r\nc").size, 11U);
  EXPECT_EQ(hasher.content("\r\n").size, 2U);
  EXPECT_EQ(hasher.content("Content-Transfer-Encoding: base64\r\n\r\nAA").size, 41U);
}

// A boundary of the content before is a line as any other.
TEST(ContentHasher, BeginsAnewWithEachContent) {
  const std::string quoted = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  const std::string contents[] = {
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" + quoted + "one=\r\n two\r\n",
      quoted + "one\r\n--a\r\n" + quoted + "one=\r\n two\r\n",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + quoted + "x\r\n--a\r\n" +
          quoted + "one=\r\n two\r\n--b--\r\n",
      "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; "
      "boundary=a\r\n\r\n--a\r\n",
  };
  for (const std::string& first : contents) {
    for (const std::string& second : contents) {
      ContentHasher hasher;
      hasher.content(first);
      const ContentDigest found = hasher.content(second);
      ContentHasher fresh;
      const ContentDigest expected = fresh.content(second);
      EXPECT_EQ(found.header, expected.header) << first << second;
      EXPECT_EQ(found.body, expected.body) << first << second;
    }
  }
}

TEST(ContentHasher, TakesAnyNameInAnyCase) {
  ContentHasher hasher;
  const auto canonical = [&](const std::string& header) { return hasher.header(header).canonical; };
  EXPECT_EQ(canonical("!A~: x\r\n"), canonical("!a~: x\r\n"));
  EXPECT_NE(canonical("!A\x7f: x\r\n"), canonical("!a\x7f: x\r\n")) << "no name (RFC 5322, 2.2)";
}

// Two dashes are no boundary of a body that has none.
TEST(ContentHasher, ReadsDashesAsText) {
  ContentHasher hasher;
  const BodyDigest plain = hasher.content("Subject: x\r\n\r\none\r\n--\r\ntwo: \xc3\xbc\r\n").body;
  const BodyDigest quoted = hasher
                                .content(
                                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                    "one\r\n--\r\ntwo: =C3=BC\r\n")
                                .body;
  EXPECT_EQ(quoted.canonical, plain.canonical);
  EXPECT_EQ(quoted.size, plain.size);
}

TEST(ContentHasher, TakesHeaderAndBodyApart) {
  ContentHasher hasher;
  const ContentDigest whole = hasher.content(kContent);
  for (const std::string& header : {kHeader, kHeader + "\r\n"}) {
    EXPECT_EQ(hasher.header(header), whole.header);
    hasher.begin_body(hasher.entity());
    for (const char& byte : kBody) hasher.take_body({&byte, 1});
    EXPECT_EQ(hasher.end_body(), whole.body);
    EXPECT_EQ(hasher.body_size(), kBody.size());
  }
}

TEST(ContentHasher, ReadsAHeaderInPieces) {
  for (const std::string& content : {kContent, kHeader, kHeader + "\r\n", "\r\n" + kBody}) {
    ContentHasher hasher;
    const ContentDigest whole = hasher.content(content);
    for (std::size_t cut = 0; cut <= content.size(); ++cut) {
      hasher.begin_header();
      const std::string_view body = hasher.take_header(std::string_view(content).substr(0, cut));
      std::string_view second = std::string_view(content).substr(cut);
      if (!hasher.header_over()) second = hasher.take_header(second);
      ContentDigest digest{.header = hasher.end_header()};
      hasher.begin_body(hasher.entity());
      hasher.take_body(body);
      hasher.take_body(second);
      digest.body = hasher.end_body();
      digest.size = hasher.header_size() + hasher.body_size();
      EXPECT_EQ(digest, whole) << cut;
    }
  }
}

}  // namespace
}  // namespace millrace::proof
