#include "source/run.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "base/diagnostics.h"

namespace millrace::source {
namespace {

SourceOptions to(const std::string& endpoint, const std::string& proxy_source) {
  SourceOptions options;
  options.endpoint = net::parse_remote(endpoint, "25");
  options.proxy = net::ProxyVersion::v2;
  options.proxy_source = proxy_source;
  options.load.schedule = {Stage{}};
  return options;
}

std::string refusal(const SourceOptions& options) {
  try {
    const source::Run run(options, [] {});
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(Run, AProxyHeaderNamesNobodyOfAnotherFamily) {
  EXPECT_EQ(refusal(to("127.0.0.1:25", "192.0.2.1")), "");
  EXPECT_EQ(refusal(to("127.0.0.1:25", "[gen]")), "");
  EXPECT_EQ(refusal(to("[::1]:25", "2001:db8::1")), "");
  EXPECT_EQ(refusal(to("127.0.0.1:25", "2001:db8::1")),
            "--proxy-source 2001:db8::1 needs an IPv6 address of the server, and 127.0.0.1:25 has "
            "none");
  EXPECT_EQ(refusal(to("[::1]:25", "[gen]")),
            "--proxy-source [gen] needs an IPv4 address of the server, and [::1]:25 has none");
  EXPECT_EQ(refusal(to("unix:/x", "192.0.2.1")),
            "--proxy-source 192.0.2.1 needs an IPv4 address of the server, and unix:/x has none");
}

TEST(Run, AProxyHeaderLeavesOutAddressesOfAnotherFamily) {
  const SourceOptions options = to("localhost:25", "[gen]");
  const source::Run run(options, [] {});
  ASSERT_FALSE(run.addresses().empty());
  EXPECT_TRUE(
      std::all_of(run.addresses().begin(), run.addresses().end(),
                  [](const net::SocketAddress& address) { return address.family() == AF_INET; }));
}

}  // namespace
}  // namespace millrace::source
