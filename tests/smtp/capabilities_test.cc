#include "smtp/capabilities.h"

#include <gtest/gtest.h>

#include "smtp/keyword.h"

namespace millrace::smtp {
namespace {

TEST(Capabilities, TakesKeywordsInAnyCaseWithTheirParameters) {
  const Capabilities said = parse_capabilities(
      "250 host SIZE 1\nsize 10240000\nPipelining\nAUTH PLAIN LOGIN\nAUTH=NTLM\n"
      "XCLIENT NAME ADDR\nLIMITS RCPTMAX=100 FOO MAILMAX=7 RCPTMAX=x\nX-OWN\n");
  EXPECT_EQ(said.extensions, (ExtensionSet{Extension::size, Extension::pipelining, Extension::auth,
                                           Extension::xclient, Extension::limits}));
  EXPECT_EQ(find_listed("login", said.auth_mechanisms), "LOGIN");
  EXPECT_EQ(find_listed("NTLM", said.auth_mechanisms), "NTLM");
  EXPECT_EQ(find_listed("CRAM-MD5", said.auth_mechanisms), "");
  EXPECT_EQ(said.mail_limit, 7U);
  EXPECT_EQ(said.recipient_limit, 0U);  // the last word on it was none
}

TEST(Capabilities, PassesOverWhatIsMalformed) {
  const Capabilities said = parse_capabilities(
      "250 host\n\n \nLIMITS MAILMAX=99999999999999999999\nLIMITS "
      "MAILMAX=-1\nPIPELINING2\nDSN\tx\n=");
  EXPECT_EQ(said.extensions, (ExtensionSet{Extension::limits, Extension::dsn}));
  EXPECT_EQ(said.mail_limit, 0U);
  EXPECT_TRUE(parse_capabilities("250 PIPELINING").extensions.empty());
  EXPECT_TRUE(parse_capabilities("").extensions.empty());
}

TEST(ExtensionSet, IsASet) {
  ExtensionSet set{Extension::dsn, Extension::size};
  EXPECT_EQ(set.first(), Extension::size);
  EXPECT_EQ(set - ExtensionSet{Extension::size}, ExtensionSet{Extension::dsn});
  set.remove(Extension::dsn);
  EXPECT_EQ(set, ExtensionSet{Extension::size});
  EXPECT_TRUE((set & ExtensionSet{Extension::dsn}).empty());
  for (std::size_t place = 0; place < kExtensionCount; ++place) {
    const auto extension = static_cast<Extension>(place);
    EXPECT_TRUE(all_extensions().has(extension));
    EXPECT_EQ(find_extension(keyword(extension)), extension);
  }
}

}  // namespace
}  // namespace millrace::smtp
