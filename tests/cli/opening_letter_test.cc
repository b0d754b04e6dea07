#include "cli/opening_letter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "dkim_keys.h"
#include "scratch_directory.h"

namespace millrace::cli {
namespace {

TEST(OpeningLetter, HasWhatIsSaidAndTheFiles) {
  // A name is bytes, and so is a content.
  const InputCopies::Index index{.files = {{"a\xff", 3}, {"none", 0}, {"d/1", 4}},
                                 .listings = {{"d", {"d/1"}}, {"empty", {}}}};
  const std::string letter = with_files("{\n}", InputCopies(index, std::string("x\n\0four", 7)));
  OpenedLetter opened = open_letter(letter);
  EXPECT_EQ(opened.said, "{\n}");
  EXPECT_EQ(opened.files.index(), index);
  EXPECT_EQ(opened.files.take_contents(), std::string("x\n\0four", 7));
}

TEST(OpeningLetter, MayBeWithoutFiles) {
  OpenedLetter opened = open_letter(with_files("{}", InputCopies()));
  EXPECT_EQ(opened.said, "{}");
  EXPECT_EQ(opened.files.index(), InputCopies::Index());
  const InputCopies::Use use(opened.files);
  EXPECT_THROW(open_input("/dev/null"), Fatal) << "nothing else is read";
}

// Options that name files, and which of these go to other hosts.
class HandedOut : public testing::Test {
 protected:
  // Builds the options by copies, with ~ for the directory.
  SourceCommandLine build(InputCopies& copies, std::vector<std::string> words) {
    words.insert(words.begin(), "smtp-source");
    words.emplace_back("h:1");
    std::vector<const char*> pointers;
    for (std::string& word : words) {
      if (word.starts_with('~')) word.replace(0, 1, scratch.path());
      pointers.push_back(word.c_str());
    }
    const InputCopies::Use use(copies);
    return build_source(read_source_arguments(static_cast<int>(pointers.size()), pointers.data()),
                        {.host_name = "h", .now = 0, .run = 1});
  }
  // The files of which others have copies, without their directory.
  std::set<std::string> copied(const std::vector<std::string>& words) {
    InputCopies copies;
    build(copies, words);
    std::set<std::string> names;
    for (const auto& file : copies.index().files) {
      names.insert(file.path.substr(scratch.path().size() + 1));
    }
    // And these are enough, but for what is on each host.
    const std::set<std::string> own = {"password", "users", "key"};
    OpenedLetter there = open_letter(with_files("", std::move(copies)));
    for (const auto& file : std::filesystem::recursive_directory_iterator(scratch.path())) {
      if (file.is_regular_file() && !own.contains(file.path().filename())) {
        std::filesystem::remove(file);
      }
    }
    EXPECT_NO_THROW(build(there.files, words));
    return names;
  }

  tests::ScratchDirectory scratch;
};

using Names = std::set<std::string>;

TEST_F(HandedOut, AreMessages) {
  scratch.write("message", "Subject: x\n\nx\n");
  EXPECT_EQ(copied({"-F", "~/message"}), Names{"message"});
  scratch.write("mail/b/1", "Subject: x\n\nx\n");
  scratch.write("mail/a.mbox", "From x\nSubject: x\n\nx\n");
  EXPECT_EQ(copied({"--corpus", "~/mail"}), (Names{"mail/a.mbox", "mail/b/1"}));
  scratch.write("letter", "Subject: {{name}}\n\nx\n");
  scratch.write("names.csv", "name\nx\n");
  EXPECT_EQ(copied({"--template", "~/letter", "--fields", "~/names.csv"}),
            (Names{"letter", "names.csv"}));
}

TEST_F(HandedOut, AreAddresses) {
  scratch.write("from", "a@a.test\n");
  scratch.write("to.csv", "address,weight\nb@b.test,2\n");
  EXPECT_EQ(copied({"--senders", "~/from", "--recipients", "~/to.csv"}), (Names{"from", "to.csv"}));
  scratch.write("domains", "a.test\n");
  EXPECT_EQ(copied({"--domains", "~/domains"}), Names{"domains"});
}

TEST_F(HandedOut, IsAScenarioWithAllThatItNamesButKeys) {
  scratch.write("from", "a@a.test\n");
  scratch.write("sizes.csv", "size,count\n1000,1\n");
  scratch.write("letter", "Subject: {{name}}\n\nx\n");
  scratch.write("names.csv", "name\nx\n");
  scratch.write("mail/1", "Subject: x\n\nx\n");
  scratch.write("key", test::kEd25519Key);
  scratch.write("all.toml",
                "[senders]\naddresses = \"from\"\n"
                "[[message]]\nname = \"a\"\nhistogram = \"sizes.csv\"\n"
                "dkim = { domain = \"a.test\", selector = \"s\", key = \"key\" }\n"
                "[[message]]\nname = \"b\"\ntemplate = \"letter\"\nfields = \"names.csv\"\n"
                "[[message]]\nname = \"c\"\ncorpus = \"mail\"\n");
  EXPECT_EQ(copied({"--scenario", "~/all.toml"}),
            (Names{"all.toml", "from", "sizes.csv", "letter", "names.csv", "mail/1"}));
}

TEST_F(HandedOut, AreNotPasswords) {
  scratch.write("password", "secret\n");
  scratch.write("users", "u,secret\n");
  EXPECT_EQ(
      copied({"--auth", "CRAM-MD5", "--auth-user", "u", "--auth-password-file", "~/password"}),
      Names());
  EXPECT_EQ(copied({"--auth", "CRAM-MD5", "--auth-users", "~/users"}), Names());
}

const std::string kCertificate = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";

TEST_F(HandedOut, AreAuthoritiesOfTlsButNoKeys) {
  scratch.write("ca.pem", kCertificate);
  scratch.write("key", kKey);
  EXPECT_EQ(copied({"--tls", "--tls-ca-file", "~/ca.pem", "--tls-cert", "~/key"}), Names{"ca.pem"});
}

// As a certificate may have its key in the same file, which is its own authority.
TEST_F(HandedOut, AreCertificatesWithoutTheKeyInTheirFile) {
  const std::string one = scratch.write("one.pem", kKey + kCertificate + "x\n");
  const std::vector<std::string> words = {"--tls", "--tls-ca-file", "~/one.pem", "--tls-cert",
                                          "~/one.pem"};
  InputCopies copies;
  const SourceCommandLine here = build(copies, words);
  EXPECT_EQ(here.source.tls->authorities, kCertificate);
  EXPECT_EQ(here.source.tls->common.certificate_file, one);
  const std::string letter = with_files("", std::move(copies));
  EXPECT_EQ(letter.find("SECRET"), std::string::npos);
  OpenedLetter there = open_letter(letter);
  EXPECT_EQ(build(there.files, words).source.tls->authorities, kCertificate);
}

// Which comes once: a pipe has nothing more for who opens it again.
TEST_F(HandedOut, MayBeAuthoritiesFromAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], kCertificate.data(), kCertificate.size()),
            static_cast<ssize_t>(kCertificate.size()));
  close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  InputCopies copies;
  EXPECT_EQ(build(copies, {"--tls", "--tls-ca-file", path}).source.tls->authorities, kCertificate);
  close(ends[0]);
}

TEST_F(HandedOut, AreNoAuthoritiesWhereNoneIsInTheirFile) {
  const std::string path = scratch.write("key", kKey);
  InputCopies copies;
  try {
    build(copies, {"--tls", "--tls-ca-file", "~/key"});
    FAIL();
  } catch (const Fatal& error) {
    EXPECT_EQ(error.what(), path + ": no certificate is in it (PEM)");
  }
}

}  // namespace
}  // namespace millrace::cli
