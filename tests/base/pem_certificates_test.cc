#include "base/pem_certificates.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

std::string pem_block(const std::string& label, const std::string& content) {
  return "-----BEGIN " + label + "-----\n" + content + "\n-----END " + label + "-----\n";
}

TEST(PemCertificates, AreAllThatIsLeft) {
  std::string text = "a comment\n";
  std::string expected;
  for (const std::string label :
       {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL"}) {
    for (const std::string secret : {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY",
                                     "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "CERTIFICATE KEY"}) {
      text += pem_block(secret, "SECRET") + "Bag Attributes\n";
    }
    text += pem_block(label, label + "==");
    expected += pem_block(label, label + "==");
  }
  EXPECT_EQ(pem_certificates(text), expected);
  EXPECT_EQ(pem_certificates(expected), expected);
  EXPECT_EQ(pem_certificates(pem_block("PRIVATE KEY", "SECRET")), "");
  EXPECT_EQ(pem_certificates(""), "");
}

TEST(PemCertificates, MayHaveOtherEndsOfLines) {
  const std::string text =
      "-----BEGIN CERTIFICATE----- \r\nabc\r\n-----END CERTIFICATE-----\r\n"
      "-----BEGIN PRIVATE KEY-----\r\nSECRET\r\n-----END PRIVATE KEY-----\r\n";
  EXPECT_EQ(pem_certificates(text), text.substr(0, text.find("-----BEGIN PRIVATE")));
  EXPECT_EQ(pem_certificates("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"),
            pem_block("CERTIFICATE", "abc"));
}

// As OpenSSL does: a mark ahead of a block is passed over, and what some editors leave behind its
// line.
TEST(PemCertificates, MayHaveAByteOrderMark) {
  const std::string marked = "\xef\xbb\xbf" + pem_block("CERTIFICATE", "abc");
  EXPECT_EQ(pem_certificates(marked), marked);
  const std::string joined = pem_block("CERTIFICATE", "abc") + marked;
  EXPECT_EQ(pem_certificates(marked + joined), marked + joined);
  EXPECT_EQ(pem_certificates("\xef\xbb\xbf" + pem_block("PRIVATE KEY", "SECRET") + joined), joined);
  const std::string behind =
      "-----BEGIN CERTIFICATE-----\xc2\xa0\nabc\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(pem_certificates(behind), behind);
}

// It is refused when it is read: nothing is made whole here.
TEST(PemCertificates, WithoutAnEndHaveNoKeyBehindThem) {
  const std::string cut = "-----BEGIN CERTIFICATE-----\nabc\n";
  for (const std::string ahead : {"", " ", "x", "\xef\xbb\xbf"}) {
    EXPECT_EQ(pem_certificates(cut + ahead + pem_block("PRIVATE KEY", "SECRET")), cut);
  }
  std::string one_line = "-----BEGIN CERTIFICATE-----\rabc\r-----END CERTIFICATE-----\r";
  one_line += "-----BEGIN PRIVATE KEY-----\rSECRET\r-----END PRIVATE KEY-----\r";
  EXPECT_EQ(pem_certificates(one_line), "");
  EXPECT_EQ(pem_certificates(cut), cut);
}

}  // namespace
}  // namespace millrace
