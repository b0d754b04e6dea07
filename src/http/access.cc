#include "http/access.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "base/number.h"
#include "net/address_pool.h"

namespace millrace::http {
namespace {

// Longer ones than any that there is: what matches them is recursive.
constexpr std::size_t kLongestPath = 1024;

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kOfAnotherSite = "a page of another site may not ask here";

constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD",  "POST",
                                                      "PUT", "PATCH", "DELETE"};

bool equal_any_case(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// The host of "host:port", in brackets or not.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

// A name could be that of a site whose owner has it point here (DNS rebinding).
bool names_this_host(std::string_view host) {
  const std::string_view name = without_port(host);
  return equal_any_case(name, "localhost") || net::numeric_address(name, 0).has_value();
}

bool shows(std::string_view authorization, std::string_view token) {
  if (!equal_any_case(authorization.substr(0, kBearer.size()), kBearer)) return false;
  const std::string_view shown = authorization.substr(kBearer.size());
  return shown.size() == token.size() &&
         CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

// A browser says of which site a page is that asks.
bool of_another_site(std::string_view origin, std::string_view host) {
  return !origin.empty() && origin != std::string("http://").append(host) &&
         origin != std::string("https://").append(host);
}

bool has(const std::vector<std::string>& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

// A request that a browser makes for a page of another site without saying Origin, as for an
// image: the page cannot read what it gets, but it has the sink at work. Who follows a link comes
// from there, too.
bool used_by_another_site(const RequestHead& head, const Access& access) {
  const std::string_view site = head.fetch_site;
  if (site.empty() || site == "same-origin" || site == "none") return false;
  // A frame is led there, too, by the page itself.
  const bool link =
      head.fetch_mode == "navigate" && (head.fetch_dest.empty() || head.fetch_dest == "document");
  return !link || !has(access.linked, head.path);
}

}  // namespace

std::optional<Response> refuse(const RequestHead& head, const Access& access) {
  if (std::find(kMethods.begin(), kMethods.end(), head.method) == kMethods.end()) {
    return refusal(405, "there is no such method here");
  }
  if (head.path.size() > kLongestPath) return refusal(414, "the path is too long");
  if (of_another_site(head.origin, head.host)) {
    return refusal(403, kOfAnotherSite);
  }
  const bool open = has(access.without_token, head.path);
  // What only asks whether the sink is well may be too simple to say a host; no browser is.
  const bool simple = open && head.host.empty() && head.version == "HTTP/1.0";
  if (access.token.empty() && !simple && !names_this_host(head.host)) {
    return refusal(403, "Host is neither localhost nor an address");
  }
  const bool shown = !access.token.empty() && shows(head.authorization, access.token);
  if (!shown && used_by_another_site(head, access)) return refusal(403, kOfAnotherSite);
  if (!access.token.empty() && !open && !shown) {
    Response response = refusal(401, "expected the header field 'Authorization: Bearer TOKEN'");
    response.header.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (!head.transfer_encoding.empty()) return refusal(411, "expected Content-Length");
  if (!head.content_encoding.empty() && head.content_encoding != "identity") {
    return refusal(415, "Content-Encoding is not known here");
  }
  if (head.media_type.starts_with("multipart/") ||
      head.media_type == "application/x-www-form-urlencoded") {
    return refusal(415, "forms are not known here");
  }
  if (head.content_length.empty()) return std::nullopt;
  const auto length = whole_number(head.content_length, 0, std::uint64_t{1} << 62);
  if (!length) return refusal(400, "Content-Length is no number");
  if (*length > kLargestBody) return refusal(413, "a body has 1 MiB at most");
  return std::nullopt;
}

std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  std::erase(type, ' ');
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

}  // namespace millrace::http
