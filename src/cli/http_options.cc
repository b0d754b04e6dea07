#include "cli/http_options.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "base/printable.h"
#include "cli/command_line.h"
#include "cli/sink_arguments.h"
#include "cli/text_values.h"
#include "net/address_pool.h"
#include "net/endpoint.h"

namespace millrace::cli {
namespace {

constexpr std::string_view kLoopback = "127.0.0.1";

constexpr std::size_t kShortestToken = 16;
constexpr std::size_t kLongestToken = 256;

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = net::numeric_address(host, 0);
  if (!address) return false;
  return net::Network("127.0.0.0/8").contains(*address) || net::Network("::1").contains(*address);
}

// What a header field can have (RFC 6750, 2.1).
bool is_token(std::string_view text) {
  constexpr std::string_view kBeside = "-._~+/=";
  return text.size() >= kShortestToken && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [&](char byte) {
           return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                  (byte >= 'a' && byte <= 'z') || kBeside.find(byte) != std::string_view::npos;
         });
}

std::string read_token(const std::string& path) {
  std::string token = read_first_line(path);
  if (is_token(token)) return token;
  throw Fatal(path +
              ": no token in its first line (expected 16 to 256 letters, digits and -._~+/=)");
}

}  // namespace

void add_http_options(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Watched and steered while it runs");
  group.value("--http", "[HOST]:PORT", "answer HTTP here, on loopback unless a host is given",
              given.http, some_text);
  group.value("--http-token-file", "FILE", "only who shows the token in its first line may ask",
              given.http_token_file, some_text);
}

std::optional<sink::HttpOptions> build_http(const SinkArguments& given) {
  if (!given.http) return std::nullopt;
  sink::HttpOptions http{.endpoint = net::parse_local(*given.http)};
  if (http.endpoint.unix_domain) {
    throw Fatal("bad endpoint for HTTP: " + beginning(*given.http) +
                " (--http: expected [host]:port)");
  }
  if (http.endpoint.host.empty()) http.endpoint.host = kLoopback;
  if (given.http_token_file) {
    http.token = read_token(*given.http_token_file);
  } else if (!is_loopback(http.endpoint.host)) {
    throw Fatal("--http " + beginning(*given.http) +
                " can be reached from other hosts: that needs --http-token-file");
  }
  return http;
}

}  // namespace millrace::cli
