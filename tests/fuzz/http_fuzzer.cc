// Requests over HTTP: whatever they are, they are answered as HTTP has it or not at all, and rules
// stay such as a file could have.
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "http/connection.h"
#include "http/server.h"
#include "pieces.h"
#include "sink/control/api.h"
#include "sink/control/rule_text.h"

using namespace millrace;
using namespace millrace::sink;

namespace {

std::vector<std::shared_ptr<RememberedMessage>> one_message() {
  RememberedMessage message;
  message.id = "1.M2P3Q4";
  message.content = "Subject: =?utf-8?q?x?=\r\n\r\ntext\r\n";
  message.recipients = {"a@b.test"};
  return {std::make_shared<RememberedMessage>(std::move(message))};
}

// Nothing that it was asked for begins a line of the header.
void check_answer(std::string_view answer) {
  if (answer.empty()) return;
  fuzz::require(answer.starts_with("HTTP/1.1 "));
  fuzz::require(answer.substr(0, answer.find("\r\n\r\n")).find("\nX-Evil") == std::string::npos);
}

void check_rules(const RuleBook& book) {
  book.read([](const rules::RulesRead& named) {
    fuzz::require(named.rules.size() == named.sources.size());
    const auto again = rules::read_rules(rules_toml(named.sources), "again");
    fuzz::require(again.mistakes.empty() && again.sources == named.sources);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 100'000;  // that a socket takes
  SinkOptions options;
  options.http = HttpOptions{};
  RuleBook book(options);
  LiveCounts live([] {});
  MessageMemory memory(9);
  memory.add(one_message());
  static const http::Server listening(net::parse_local("127.0.0.1:0"), {});
  Api api({.server = listening, .live = live, .rules = book, .messages = &memory});
  api.end();  // nobody waits for events
  std::array<int, 2> ends{};
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
  const FileDescriptor server(ends[0]);
  const FileDescriptor client(ends[1]);
  const FileDescriptor end(eventfd(0, EFD_CLOEXEC));
  [[maybe_unused]] const ssize_t sent = write(client.descriptor(), data, std::min(size, kMost));
  shutdown(client.descriptor(), SHUT_WR);
  const http::Handler handler = [&api](const http::Request& request) {
    return api.answer(request);
  };
  http::Connection(server, end, {}, handler).serve();
  std::string answer(kMost, '\0');
  const ssize_t length = recv(client.descriptor(), answer.data(), answer.size(), MSG_DONTWAIT);
  answer.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  check_answer(answer);
  check_rules(book);
  return 0;
}
