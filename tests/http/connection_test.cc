#include "http/connection.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::http {
namespace {

// What a client gets that sends these bytes and nothing more.
std::string answer_to(std::string_view bytes, const Handler& handler, const Access& access = {}) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const FileDescriptor client(ends[0]);
  const FileDescriptor end(eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(send(client.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  shutdown(client.descriptor(), SHUT_WR);
  {
    const FileDescriptor socket(ends[1]);
    Connection(socket, end, access, handler).serve();
  }
  std::string answer(1 << 16, '\0');
  const ssize_t length = recv(client.descriptor(), answer.data(), answer.size(), MSG_WAITALL);
  answer.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return answer;
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(HttpConnection, EndsAResponseWhoseNextPieceThrows) {
  const auto fails = [](const Request& /*request*/) {
    return Response{.media_type = "text/plain",
                    .next = [pieces = 0]() mutable -> std::optional<std::string> {
                      if (pieces++ == 0) return "first";
                      throw std::runtime_error("no more");
                    }};
  };
  const std::string answer = answer_to(kGet, fails);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("5\r\nfirst\r\n")) << answer;
}

TEST(HttpConnection, HasALimitOfTheHeader) {
  const auto well = [](const Request& /*request*/) { return Response{.body = "ok"}; };
  const std::string start(kGet.substr(0, kGet.size() - 2));
  std::string field = "X: " + std::string(995, 'x') + "\r\n";
  std::string fields;
  while (fields.size() < (60 << 10)) fields += field;
  EXPECT_TRUE(answer_to(start + fields + "\r\n", well).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer_to(start + fields + fields + "\r\n", well).starts_with("HTTP/1.1 400 "));
}

TEST(HttpConnection, TakesABodyBehindALongHeader) {
  const auto length = [](const Request& request) {
    return Response{.media_type = "text/plain", .body = std::to_string(request.body.size())};
  };
  std::string request = "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n";
  while (request.size() < (60 << 10)) request += "X: " + std::string(995, 'x') + "\r\n";
  EXPECT_TRUE(answer_to(request + "\r\n" + std::string(100'000, 'x'), length).ends_with("100000"));
}

TEST(HttpConnection, LetsGoOfASharedBodyThatIsSent) {
  const auto content = std::make_shared<const std::string>(50'000, 'x');
  const auto shares = [content](const Request& /*request*/) {
    return Response{.media_type = "text/plain", .shared_body = content};
  };
  const std::string answer = answer_to(kGet, shares);
  EXPECT_NE(answer.find("Content-Length: 50000\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + *content));
  EXPECT_EQ(content.use_count(), 2);  // this one and the handler's
}

TEST(HttpConnection, TellsOfASharedBodyWhereOnlyTheHeaderIsWanted) {
  for (const std::string& content : {std::string(1000, 'x'), std::string()}) {
    const auto shares = [&content](const Request& /*request*/) {
      return Response{.media_type = "text/plain",
                      .shared_body = std::make_shared<const std::string>(content)};
    };
    const std::string answer = answer_to("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", shares);
    EXPECT_NE(answer.find("Content-Length: " + std::to_string(content.size()) + "\r\n"),
              std::string::npos)
        << answer;
    EXPECT_NE(answer.find("Content-Type: text/plain\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  }
}

}  // namespace
}  // namespace millrace::http
