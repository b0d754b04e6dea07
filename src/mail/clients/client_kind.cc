#include "mail/clients/client_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/number.h"
#include "base/quantity.h"
#include "base/time.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

using smtp::Verb;
using Row = ScriptRow;

// Scripts are parts one after the other.
template <std::size_t... Sizes>
constexpr auto joined(const std::array<Row, Sizes>&... parts) {
  std::array<Row, (Sizes + ...)> all;
  auto* place = all.begin();
  ((place = std::copy(parts.begin(), parts.end(), place)), ...);
  return all;
}
constexpr Row say(Verb verb, std::string_view text) { return {Act::say, verb, text}; }
constexpr Row put(std::string_view text) { return {Act::say, std::nullopt, text}; }
constexpr Row fill(Fill fill, std::uint64_t number = 0) {
  return {Act::say, std::nullopt, {}, number, fill};
}
constexpr Row await(std::uint64_t digit) { return {Act::await, std::nullopt, {}, digit}; }
constexpr Row act(Act what) { return {what}; }

constexpr Row kEhlo = say(Verb::ehlo, "EHLO {helo}\r\n");
constexpr Row kMail = say(Verb::mail, "MAIL FROM:<{from}>\r\n");
constexpr Row kRcpt = say(Verb::rcpt, "RCPT TO:<{to}>\r\n");
constexpr Row kData = say(Verb::data, "DATA\r\n");
constexpr Row kQuit = say(Verb::quit, "QUIT\r\n");
constexpr Row kEndOfData = say(Verb::end_of_data, ".\r\n");
constexpr Row kAny = await(0);
constexpr Row kStay = act(Act::stay);
constexpr Row kHead =
    put("From: <{from}>\r\nTo: <{to}>\r\nSubject: from a client that misbehaves: {kind}\r\n");
constexpr Row kText = fill(Fill::lines, 1'000);

constexpr std::array kGreeting = {await(2)};
constexpr std::array kOpening = {await(2), kEhlo, await(2)};
constexpr std::array kEnvelope = {kMail, await(2), kRcpt, await(2), kData, await(3)};
constexpr std::array kContent = {kHead, put("\r\n"), kText, kEndOfData, kAny};
constexpr std::array kGoodbye = {kQuit, kAny, kStay};
constexpr std::array kStartTls = {say(Verb::starttls, "STARTTLS\r\n"), await(2)};
// What follows {end} is a second transaction for a server that takes it for the end; for one that
// does not, it is text.
constexpr Row kSmuggled =
    put("The next line may look like the end.{end}MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\n"
        "DATA\r\nSubject: SMUGGLED by a load test: {kind}\r\n\r\nharmless\r\n");

constexpr auto kEarlyTalker = joined(std::array{kEhlo, kAny}, kEnvelope, kContent, kGoodbye);
constexpr auto kBareLf = joined(
    kOpening, kEnvelope, std::array{kHead, put("\r\n"), kSmuggled, kEndOfData, kAny}, kGoodbye);
constexpr auto kSlowWriter = joined(std::array{await(2), act(Act::write_slowly), kEhlo, await(2)},
                                    kEnvelope, kContent, kGoodbye);
constexpr auto kSlowReader =
    joined(std::array{await(2), act(Act::read_slowly),
                      Row{Act::repeat, Verb::ehlo, "EHLO {helo}\r\n", 1'000, {}, 1'000}, kAny},
           kGoodbye);
constexpr auto kIdle = joined(kGreeting, std::array{act(Act::pause), act(Act::leave), kStay});
constexpr std::array kConnectOnly = {act(Act::leave), kStay};
constexpr auto kAbortInData = joined(
    kOpening, kEnvelope, std::array{kHead, put("\r\n"), fill(Fill::lines), act(Act::leave), kStay});
constexpr auto kResetInData = joined(
    kOpening, kEnvelope, std::array{kHead, put("\r\n"), fill(Fill::lines), act(Act::reset), kStay});
constexpr auto kNoQuit = joined(kOpening, kEnvelope, kContent, std::array{act(Act::leave), kStay});
constexpr auto kRsetStorm = joined(
    kOpening, std::array{Row{Act::repeat, Verb::rset, "RSET\r\n", 0, {}, 100}, kAny}, kGoodbye);
constexpr auto kRcptFlood =
    joined(kOpening,
           std::array{kMail, await(2),
                      Row{Act::repeat, Verb::rcpt, "RCPT TO:<{n}{to}>\r\n", 0, {}, 100}, kAny},
           kGoodbye);
constexpr auto kUnknownCommands = joined(
    kOpening, std::array{Row{Act::repeat, std::nullopt, "XMILL{n}\r\n", 0, {}, 1}, kAny}, kGoodbye);
constexpr auto kLongLine = joined(
    kOpening, std::array{put("NOOP "), fill(Fill::run), say(Verb::noop, "\r\n"), kAny}, kEnvelope,
    std::array{kHead, put("\r\n"), fill(Fill::run), put("\r\n"), kEndOfData, kAny}, kGoodbye);
constexpr auto kLongHeader = joined(
    kOpening, kEnvelope,
    std::array{kHead, fill(Fill::long_header), put("\r\n"), kText, kEndOfData, kAny}, kGoodbye);
constexpr auto kHeaderFlood =
    joined(kOpening, kEnvelope,
           std::array{kHead, fill(Fill::headers), put("\r\n"), kText, kEndOfData, kAny}, kGoodbye);
constexpr auto kMimeBomb = joined(
    kOpening, kEnvelope,
    std::array{kHead, put("MIME-Version: 1.0\r\n"), fill(Fill::multiparts), kEndOfData, kAny},
    kGoodbye);
constexpr auto kNoHelo = joined(kGreeting, kEnvelope, kContent, kGoodbye);
constexpr auto kAuthGuess = joined(
    kOpening, std::array{Row{Act::repeat, Verb::auth, "AUTH PLAIN {guess}\r\n", 0, {}, 1}, kAny},
    kGoodbye);
constexpr auto kStarttlsThenPlain =
    joined(kOpening, kStartTls,
           std::array{put("NOOP\r\nMAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\n"), kStay}, kGoodbye);
constexpr auto kTlsRenegotiate =
    joined(kOpening, kStartTls,
           std::array{act(Act::secure), kEhlo, await(2), act(Act::renegotiate),
                      say(Verb::noop, "NOOP\r\n"), await(2)},
           kGoodbye);
constexpr auto kTlsGarbage =
    joined(kOpening, kStartTls, std::array{fill(Fill::noise, 1'000), kStay}, kGoodbye);
constexpr auto kHalfClose =
    joined(kOpening, kEnvelope,
           std::array{kHead, put("\r\n"), kText, kEndOfData, act(Act::leave), kAny, kStay});
constexpr auto kPipelinedAfterData =
    joined(kOpening, std::array{kMail, kRcpt, kData, kHead, put("\r\n"), kText, kEndOfData, kAny},
           kGoodbye);

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t ticks(Duration time) { return static_cast<std::uint64_t>(time.count()); }
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The content of a script is kept once for the run: that is what the bounds are about.
constexpr std::array<ClientKind, 23> kKinds = {{
    {"early-talker", ClientValue::none, 0, 0, 0, kEarlyTalker},
    {"bare-lf", ClientValue::end, 0, 0, 0, kBareLf},
    {"slow-writer", ClientValue::rate, 10, 1, kMebibyte, kSlowWriter},
    {"slow-reader", ClientValue::none, 0, 0, 0, kSlowReader},
    {"idle", ClientValue::time, ticks(seconds(60)), ticks(milliseconds(1)), ticks(hours(24)),
     kIdle},
    {"connect-only", ClientValue::none, 0, 0, 0, kConnectOnly},
    {"abort-in-data", ClientValue::bytes, 1'024, 1, 16 * kMebibyte, kAbortInData},
    {"reset-in-data", ClientValue::bytes, 1'024, 1, 16 * kMebibyte, kResetInData},
    {"no-quit", ClientValue::none, 0, 0, 0, kNoQuit},
    {"rset-storm", ClientValue::count, 100, 1, 1'000'000, kRsetStorm},
    {"rcpt-flood", ClientValue::count, 1'000, 1, 1'000'000, kRcptFlood},
    {"unknown-commands", ClientValue::count, 100, 1, 1'000'000, kUnknownCommands},
    {"long-line", ClientValue::bytes, 65'536, 1, 16 * kMebibyte, kLongLine},
    {"long-header", ClientValue::bytes, 65'536, 1, 16 * kMebibyte, kLongHeader},
    {"header-flood", ClientValue::count, 1'000, 1, 100'000, kHeaderFlood},
    {"mime-bomb", ClientValue::count, 100, 1, 10'000, kMimeBomb},
    {"no-helo", ClientValue::none, 0, 0, 0, kNoHelo},
    {"auth-guess", ClientValue::count, 10, 1, 1'000'000, kAuthGuess},
    {"starttls-then-plain", ClientValue::none, 0, 0, 0, kStarttlsThenPlain},
    {"tls-renegotiate", ClientValue::none, 0, 0, 0, kTlsRenegotiate},
    {"tls-garbage", ClientValue::none, 0, 0, 0, kTlsGarbage},
    {"half-close", ClientValue::none, 0, 0, 0, kHalfClose},
    {"pipelined-after-data", ClientValue::none, 0, 0, 0, kPipelinedAfterData},
}};

constexpr auto kFalseEnds = std::to_array<std::string_view>(
    {"LF.LF", "LF.CRLF", "CRLF.LF", "LF.CR", "CR.LF", "CR.CR", "CR.CRLF", "CRLF.CR"});

std::string listed(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

// What the value of a kind looks like, to be told.
std::string expected(const ClientKind& kind) {
  switch (kind.value) {
    case ClientValue::none:
      return fmt::format("{} takes no value", kind.name);
    case ClientValue::end:
      return fmt::format("expected one of {}", listed(kFalseEnds));
    case ClientValue::time:
      return fmt::format("expected a time from 1ms to 24h, as {} 60s", kind.name);
    case ClientValue::count:
      return fmt::format("expected {} with a number from {} to {}", kind.name, kind.least,
                         kind.most);
    case ClientValue::bytes:
      return fmt::format("expected {} with a number of bytes from {} to 16M", kind.name,
                         kind.least);
    case ClientValue::rate:
      return fmt::format("expected {} with bytes a second, from {} to 1M", kind.name, kind.least);
  }
  return {};
}

std::optional<std::uint64_t> number_of(const ClientKind& kind, std::string_view text) {
  std::optional<std::uint64_t> number;
  switch (kind.value) {
    case ClientValue::none:
      return std::nullopt;
    case ClientValue::end: {
      const auto* const end = std::find(kFalseEnds.begin(), kFalseEnds.end(), text);
      if (end == kFalseEnds.end()) return std::nullopt;
      return static_cast<std::uint64_t>(end - kFalseEnds.begin());
    }
    case ClientValue::time:
      if (const auto time = duration(text)) number = ticks(*time);
      break;
    case ClientValue::count:
      number = whole_number(text);
      break;
    case ClientValue::bytes:
    case ClientValue::rate:
      number = byte_size(text);
      break;
  }
  if (!number || *number < kind.least || *number > kind.most) return std::nullopt;
  return number;
}

std::string all_names() {
  std::string names(kGoodClient);
  for (const ClientKind& kind : kKinds) names.append(", ").append(kind.name);
  return names;
}

}  // namespace

std::span<const ClientKind> client_kinds() { return kKinds; }

const ClientKind* find_client_kind(std::string_view name) {
  const auto* const kind = std::find_if(kKinds.begin(), kKinds.end(),
                                        [&](const ClientKind& one) { return one.name == name; });
  return kind == kKinds.end() ? nullptr : kind;
}

std::span<const std::string_view> false_ends() { return kFalseEnds; }

std::optional<ClientBehaviour> client_behaviour(std::string_view text, std::string& why) {
  std::string_view rest = text;
  const std::string_view name = smtp::take_word(rest, " \t");
  const std::string_view value = smtp::take_word(rest, " \t");
  if (!smtp::take_word(rest, " \t").empty()) {
    why = "expected a kind of client and its value";
    return std::nullopt;
  }
  if (name == kGoodClient) {
    if (value.empty()) return ClientBehaviour{.text = std::string(kGoodClient)};
    why = "good takes no value";
    return std::nullopt;
  }
  const ClientKind* const kind = find_client_kind(name);
  if (kind == nullptr) {
    why = "expected one of " + all_names();
    return std::nullopt;
  }
  ClientBehaviour behaviour{.kind = kind, .text = std::string(name)};
  if (value.empty()) return behaviour;
  behaviour.value = number_of(*kind, value);
  if (!behaviour.value) {
    why = expected(*kind);
    return std::nullopt;
  }
  behaviour.text.append(" ").append(value);
  return behaviour;
}

bool says_starttls(const ClientBehaviour& behaviour) {
  if (behaviour.good()) return false;
  return std::ranges::any_of(behaviour.kind->script,
                             [](const Row& row) { return row.verb == Verb::starttls; });
}

std::vector<ClientBehaviour> variants(const ClientBehaviour& behaviour) {
  if (behaviour.good()) return {};
  if (behaviour.kind->value != ClientValue::end || behaviour.value) return {behaviour};
  std::vector<ClientBehaviour> all;
  for (std::size_t end = 0; end < kFalseEnds.size(); ++end) {
    all.push_back({.kind = behaviour.kind,
                   .value = end,
                   .text = fmt::format("{} {}", behaviour.kind->name, kFalseEnds[end])});
  }
  return all;
}

}  // namespace millrace::mail
