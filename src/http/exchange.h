// http/ is a side door: an HTTP/1.1 server on threads of its own, which nobody can hold up, and who
// may ask there. It knows nothing of what is asked. Here: what goes in and out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::http {

// What a client asks for.
struct Request {
  std::string method;  // GET for HEAD, too
  std::string path;    // percent-decoded
  std::multimap<std::string, std::string> query;
  std::string media_type;  // of the body: small letters, no parameters
  std::string accept;      // what it would like to have
  std::string body;
};

// What it gets. No value of the header may come from anybody but us.
struct Response {
  int status = 200;
  std::string media_type;
  std::string body;
  // Where there is one, it is the body, and let go when it is sent: for what is large.
  std::shared_ptr<const std::string> shared_body = nullptr;
  std::vector<std::pair<std::string, std::string>> header;  // besides what all responses have
  // Where there is one, the body is what this gives, piece by piece, until it gives nothing. A call
  // may take a second. What it throws ends the connection.
  std::function<std::optional<std::string>()> next;
};

// Called on many threads at once. What it throws becomes status 500.
using Handler = std::function<Response(const Request& request)>;

// A sentence about what is wrong, as JSON. `sentence` must be no text of others.
Response refusal(int status, std::string_view sentence);

}  // namespace millrace::http
