#include "http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::http {
namespace {

// A request that was refused before its body was read.
struct Refused {
  Response response;
};

// What a browser must not do with anything that it gets here. A page brings a policy of its own.
constexpr std::pair<const char*, const char*> kHeader[] = {
    {"Cache-Control", "no-store"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
};
constexpr const char* kPolicyName = "Content-Security-Policy";
constexpr const char* kPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

void put_header(const Response& from, httplib::Response& to) {
  for (const auto& [name, value] : kHeader) to.set_header(name, value);
  for (const auto& [name, value] : from.header) to.set_header(name, value);
  if (!to.has_header(kPolicyName)) to.set_header(kPolicyName, kPolicy);
}

// The library reads a body for these alone.
bool takes_body(std::string_view method) { return method != "GET" && method != "HEAD"; }

// RFC 9112, 5.1: with a blank before the colon a proxy may know a field that the library does not.
bool names_are_whole(const httplib::Headers& header) {
  return std::all_of(header.begin(), header.end(), [](const auto& field) {
    return field.first.find_first_of(" \t") == std::string::npos;
  });
}

}  // namespace

Connection::Connection(const FileDescriptor& socket, const FileDescriptor& end,
                       const Access& access, const http::Handler& handler)
    : stream_(socket, end), access_(access), handler_(handler) {
  svr_sock_ = socket.descriptor();  // else it takes itself for a server that ends
  const auto take = [this](const httplib::Request& from, httplib::Response& to) {
    answer(from, to);
  };
  constexpr const char* kAnything = R"([\s\S]*)";
  Get(kAnything, take).Post(kAnything, take).Put(kAnything, take);
  Patch(kAnything, take).Delete(kAnything, take);
  set_exception_handler(
      [](const auto& /*request*/, auto& response, const auto& /*why*/) { response.status = 500; });
  set_error_handler([this](const httplib::Request& /*request*/, httplib::Response& response) {
    failed_ = true;
    response.set_header("Connection", "close");
    if (!response.body.empty()) return;
    const Response told = refusal(response.status, "the request cannot be understood");
    response.set_content(told.body, told.media_type);
    put_header(told, response);
  });
  set_post_routing_handler(
      [this](const httplib::Request& /*request*/, httplib::Response& response) {
        if (failed_) response.headers.erase("Keep-Alive");
        if (response.status == 204) response.headers.erase("Content-Length");  // RFC 9110, 8.6
      });
}

void Connection::serve() {
  for (int left = kMostRequests; left > 0 && stream_.await_request(kIdleLimit); --left) {
    bool closed = left == 1;
    try {
      const bool written = process_request(stream_, closed, closed,
                                           [this](httplib::Request& request) { check(request); });
      if (!written || closed || failed_) break;
    } catch (const Refused& refused) {
      write_refusal(refused.response);
      break;
    } catch (const std::exception& /*half a response may be written*/) {
      break;
    }
  }
  stream_.linger();
}

// Before the body is read.
void Connection::check(httplib::Request& request) {
  const std::string type = media_type(request.get_header_value("Content-Type"));
  const std::string host = request.get_header_value("Host");
  const std::string origin = request.get_header_value("Origin");
  const std::string fetch_site = request.get_header_value("Sec-Fetch-Site");
  const std::string fetch_mode = request.get_header_value("Sec-Fetch-Mode");
  const std::string fetch_dest = request.get_header_value("Sec-Fetch-Dest");
  const std::string authorization = request.get_header_value("Authorization");
  const std::string length = request.get_header_value("Content-Length");
  const std::string transfer = request.get_header_value("Transfer-Encoding");
  const std::string encoding = request.get_header_value("Content-Encoding");
  auto refused = refuse({.method = request.method,
                         .path = request.path,
                         .version = request.version,
                         .host = host,
                         .origin = origin,
                         .fetch_site = fetch_site,
                         .fetch_mode = fetch_mode,
                         .fetch_dest = fetch_dest,
                         .authorization = authorization,
                         .content_length = length,
                         .transfer_encoding = transfer,
                         .content_encoding = encoding,
                         .media_type = type},
                        access_);
  if (!refused && request.get_header_value_count("Content-Length") > 1) {
    refused = refusal(400, "Content-Length comes twice");
  }
  // Else it would be read as the next request, which is another's where a proxy sends for many.
  if (!refused && !takes_body(request.method) && !length.empty() && length != "0") {
    refused = refusal(400, "a request of this method has no body");
  }
  if (!refused && !names_are_whole(request.headers)) {
    refused = refusal(400, "there is a blank in the name of a header field");
  }
  if (refused) throw Refused{*std::move(refused)};
  stream_.allow_body(kLargestBody);
  // Without it the library reads until the client closes.
  if (length.empty()) request.set_header("Content-Length", "0");
  request.headers.erase("Accept-Encoding");  // nothing is compressed
  request.headers.erase("Range");
  request.ranges.clear();
}

void Connection::answer(const httplib::Request& from, httplib::Response& to) {
  Response response = handler_({.method = from.method == "HEAD" ? "GET" : from.method,
                                .path = from.path,
                                .query = from.params,
                                .media_type = media_type(from.get_header_value("Content-Type")),
                                .accept = from.get_header_value("Accept"),
                                .body = from.body});
  to.status = response.status;
  put_header(response, to);
  stream_.begin_response(static_cast<bool>(response.next));
  if (response.shared_body && !response.shared_body->empty()) {
    const std::size_t size = response.shared_body->size();
    to.set_content_provider(size, response.media_type,
                            [body = std::move(response.shared_body)](
                                std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                              return sink.write(body->data() + offset, length);
                            });
    return;
  }
  if (!response.next) {
    if (response.media_type.empty()) return;
    to.set_header("Content-Type", response.media_type);
    to.body = std::move(response.body);  // which may be large
    return;
  }
  to.set_chunked_content_provider(
      response.media_type,
      [next = std::move(response.next)](std::size_t /*offset*/, httplib::DataSink& sink) {
        const std::optional<std::string> piece = next();
        if (!piece) {
          sink.done();
          return true;
        }
        return sink.write(piece->data(), piece->size());
      });
}

// As the library would have written it.
void Connection::write_refusal(const Response& response) {
  httplib::Response header;
  put_header(response, header);
  std::string text =
      fmt::format("HTTP/1.1 {} Refused\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
                  response.status, response.media_type, response.body.size());
  for (const auto& [name, value] : header.headers) text += fmt::format("{}: {}\r\n", name, value);
  text.append("Connection: close\r\n\r\n").append(response.body);
  stream_.begin_response(false);
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = stream_.write(rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace millrace::http
