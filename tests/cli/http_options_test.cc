// Who may come in by --http.
#include "cli/http_options.h"

#include <gtest/gtest.h>

#include <string>

#include "base/diagnostics.h"
#include "cli/sink_arguments.h"
#include "scratch_directory.h"

namespace millrace::cli {
namespace {

// What is said of it; empty: nothing.
std::string said_of(const std::string& http, const std::optional<std::string>& token_file = {}) {
  SinkArguments given;
  given.http = http;
  given.http_token_file = token_file;
  try {
    build_http(given);
  } catch (const Fatal& why) {
    return why.what();
  }
  return "";
}

TEST(HttpOptions, AreOffUntilTheyAreGiven) { EXPECT_FALSE(build_http({}).has_value()); }

TEST(HttpOptions, AreOfLoopbackUnlessAHostIsGiven) {
  for (const char* const endpoint : {":8025", "8025"}) {
    SinkArguments given;
    given.http = endpoint;
    EXPECT_EQ(net::describe(build_http(given)->endpoint), "127.0.0.1:8025");
  }
}

TEST(HttpOptions, AreOpenToOtherHostsWithATokenOnly) {
  const tests::ScratchDirectory scratch;
  const std::string token = scratch.write("token", std::string(16, 'x') + "\nand a comment\n");
  for (const char* const near : {"localhost:1", "127.9.9.9:1", "[::1]:1"}) {
    EXPECT_EQ(said_of(near), "");
  }
  for (const char* const far : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1", "example.test:1"}) {
    EXPECT_EQ(said_of(far), std::string("--http ") + far +
                                " can be reached from other hosts: that needs --http-token-file");
    EXPECT_EQ(said_of(far, token), "");
  }
}

TEST(HttpOptions, TakeNoTokenThatCanBeGuessedOrSplit) {
  const tests::ScratchDirectory scratch;
  for (const std::string& token : {std::string(), std::string(15, 'x'), std::string(257, 'x'),
                                   std::string(20, ' '), std::string("0123456789abcdef\t")}) {
    const std::string path = scratch.write("token", token + "\n");
    EXPECT_EQ(said_of(":1", path), path +
                                       ": no token in its first line (expected 16 to 256 letters, "
                                       "digits and -._~+/=)")
        << token;
  }
}

TEST(HttpOptions, AreNotOfUnixSockets) {
  EXPECT_EQ(said_of("unix:/x"), "bad endpoint for HTTP: unix:/x (--http: expected [host]:port)");
}

}  // namespace
}  // namespace millrace::cli
