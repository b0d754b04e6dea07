#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace millrace::http {

// Of a body.
inline constexpr std::size_t kLargestBody = 1 << 20;

// Who may ask.
struct Access {
  // What a client has to show (RFC 6750, 2.1); empty: nothing. Without one the side door is open to
  // this host alone, and a page of another site, which a browser here may show, must not use it.
  std::string token;
  std::vector<std::string> without_token;  // paths that ask for none
  std::vector<std::string> linked;         // paths that a page of another site may lead to
};

// What is known of a request before its body is read. Empty: it does not say.
struct RequestHead {
  std::string_view method;
  std::string_view path;
  std::string_view version;
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;  // Sec-Fetch-Site, of a browser: which page asks (Fetch Metadata)
  std::string_view fetch_mode;  // Sec-Fetch-Mode: what for
  std::string_view fetch_dest;  // Sec-Fetch-Dest: what becomes of the answer
  std::string_view authorization;
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::string_view content_encoding;
  std::string_view media_type;
};

// Why it is not to be taken; nothing: it may be.
std::optional<Response> refuse(const RequestHead& head, const Access& access);

// "application/json" of "Application/JSON; charset=utf-8" (RFC 9110, 8.3.1).
std::string media_type(std::string_view content_type);

}  // namespace millrace::http
