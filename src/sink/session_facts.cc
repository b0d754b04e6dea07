#include "sink/session_facts.h"

#include <algorithm>
#include <limits>

#include "sink/xclient_address.h"
#include "smtp/mail_parameters.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

using smtp::Verb;

// Content is counted as a limit on its size would count it (RFC 1870, 5).
constexpr smtp::ServerLimits kCounting{.message_size = std::numeric_limits<std::uint64_t>::max()};

// What of a header's memory a session keeps for its next message.
constexpr std::size_t kQuietHead = 4 * 1024;

// The size that MAIL declares, if it does.
std::optional<std::uint64_t> declared_size(std::string_view arguments) {
  const std::uint64_t size = smtp::parse_mail_parameters(arguments).size;
  return size > 0 ? std::optional(size) : std::nullopt;
}

// "TLSv1.3" as 13.
int version_number(std::string_view text) {
  return text == "TLSv1.3" ? 13 : text == "TLSv1.2" ? 12 : text == "TLSv1.1" ? 11 : 10;
}

}  // namespace

SessionFacts::SessionFacts(const rules::WorkerRules& rules, rules::Windows& windows,
                           const OpenListener& listener, std::uint64_t session, TimePoint start)
    : rules_(rules),
      windows_(windows),
      start_(start),
      lmtp_(listener.profile.protocol == smtp::ServerProfile::Protocol::lmtp) {
  facts_.listener = listener.name;
  facts_.session = session;
}

void SessionFacts::time(TimePoint now) {
  facts_.now = now;
  facts_.since_start = now - start_;
}

const rules::Facts& SessionFacts::at(rules::Moment moment, std::string_view arguments) {
  facts_.helo = helo_;
  facts_.sender.reset();
  if (sender_) facts_.sender = *sender_;
  facts_.size = declared_size_;
  facts_.recipient = {};
  facts_.recipients = recipients_;
  facts_.head.reset();
  switch (static_cast<Verb>(moment)) {  // of content nothing else is known
    case Verb::helo:
    case Verb::ehlo:
    case Verb::lhlo:
      facts_.helo = arguments;
      break;
    case Verb::mail:
      if (sender_) break;  // of the transaction that is open already
      facts_.sender = smtp::address_in(arguments);
      facts_.size = declared_size(arguments);
      break;
    case Verb::rcpt:
      facts_.recipient = smtp::address_in(arguments);
      facts_.recipients = {};
      break;
    case Verb::end_of_data:
      facts_.size.reset();
      if (kept_.size) facts_.size = counted_.size();
      if (kept_.head) facts_.head = head_;
      break;
    default:
      break;
  }
  return facts_;
}

const rules::Facts& SessionFacts::for_recipient(std::size_t number) {
  facts_.recipient = recipients_[number];
  facts_.recipients = {};
  return facts_;
}

void SessionFacts::authenticated(const std::string& user) {
  user_ = user;
  facts_.authenticated = true;
  facts_.user = user_;
}

void SessionFacts::be(const net::SocketAddress& client) {
  facts_.client = client;
  client_text_ = client.host();
  facts_.client_text = client_text_;
  if (open_) {
    open_->client_is(facts_);
  } else {
    open_.emplace(windows_, facts_);
  }
}

void SessionFacts::opened(const net::SocketAddress& peer, TimePoint /*now*/) { be(peer); }

void SessionFacts::speaks_for(const net::SocketAddress& source) { be(source); }

void SessionFacts::secured(const Handshake& handshake) {
  facts_.tls = version_number(handshake.version);
}

void SessionFacts::greeted(Verb /*verb*/, std::string_view name) { helo_ = name; }

void SessionFacts::hello_forgotten() {
  helo_.clear();
  facts_.authenticated = false;
  facts_.user = {};
}

void SessionFacts::client_attribute(std::string_view name, std::string_view value) {
  if (name == "HELO") helo_ = value;
  if (name == "LOGIN" && !value.empty() && value.front() != '[') authenticated(std::string(value));
  if (name != "ADDR") return;
  if (const auto address = xclient_address(value)) be(*address);
}

void SessionFacts::mail(std::string_view arguments) {
  forget_transaction();
  kept_ = rules_.set().needs();
  kept_.each_recipient = kept_.each_recipient && lmtp_;
  sender_ = smtp::address_in(arguments);
  declared_size_ = declared_size(arguments);
}

void SessionFacts::recipient(std::string_view arguments) {
  const bool looked_at =
      kept_.each_recipient || (kept_.recipients && recipients_.size() < kMostRecipients);
  if (!looked_at) return;
  recipients_.emplace_back(smtp::address_in(arguments).substr(0, kLongestAddress));
}

bool SessionFacts::wants_content() const { return kept_.head || kept_.size; }

void SessionFacts::content(std::string_view bytes, smtp::Form form) {
  if (kept_.size) counted_.take(bytes, form, kCounting);
  if (!kept_.head || head_.size() >= kHead) return;
  decoder_.decode(bytes.substr(0, kHead - head_.size()), form, head_);
}

smtp::Storage SessionFacts::message_complete() {
  forget_transaction();
  return smtp::Storage::kept;
}

void SessionFacts::forget_transaction() {
  sender_.reset();
  declared_size_.reset();
  // What a large message made of them goes back.
  if (recipients_.capacity() > kMostRecipients) recipients_ = {};
  recipients_.clear();
  if (head_.capacity() > kQuietHead) head_ = {};
  head_.clear();
  decoder_.reset();
  counted_ = {};
}

}  // namespace millrace::sink
