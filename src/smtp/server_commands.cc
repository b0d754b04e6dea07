// What each command does. What a session does with them is in server_session.cc.
#include <algorithm>
#include <functional>

#include "smtp/keyword.h"
#include "smtp/server_replies.h"
#include "smtp/server_session.h"

namespace millrace::smtp {

using namespace replies;

namespace {

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

struct Attribute {
  std::string_view name;  // as it is listed; empty: no attribute of the list
  std::string_view value;
};

// Takes the next NAME=value off the front of `arguments`, and the blanks behind it.
Attribute take_attribute(std::string_view& arguments, std::string_view list) {
  std::string_view value = take_word(arguments);
  arguments.remove_prefix(std::min(arguments.find_first_not_of(kBlanks), arguments.size()));
  const std::string_view spoken = take_word(value, "=");
  if (value.empty()) return {};
  return {.name = find_listed(spoken, list), .value = value.substr(1)};
}

using Protocol = ServerProfile::Protocol;

bool always(const ServerProfile&) { return true; }
bool never(const ServerProfile&) { return false; }
template <Extension extension>
bool offered(const ServerProfile& profile) {
  return profile.offered.has(extension);
}
bool with_helo(const ServerProfile& profile) { return profile.protocol != Protocol::lmtp; }
bool with_ehlo(const ServerProfile& profile) { return profile.protocol == Protocol::smtp; }
bool with_lhlo(const ServerProfile& profile) { return profile.protocol == Protocol::lmtp; }

}  // namespace

// A row a verb, in their order: which servers know it, and what it does there.
constexpr std::array<ServerSession::CommandSpec, kVerbCount> ServerSession::kCommands = {{
    {Verb::connect, never, &ServerSession::greet},  // a moment, not a command
    {Verb::helo, with_helo, &ServerSession::helo},
    {Verb::ehlo, with_ehlo, &ServerSession::ehlo},
    {Verb::lhlo, with_lhlo, &ServerSession::lhlo},
    {Verb::starttls, offered<Extension::starttls>, &ServerSession::starttls},
    {Verb::xclient, offered<Extension::xclient>, &ServerSession::xclient},
    {Verb::xforward, offered<Extension::xforward>, &ServerSession::acknowledge},
    {Verb::auth, always, &ServerSession::auth},
    {Verb::mail, always, &ServerSession::mail},
    {Verb::rcpt, always, &ServerSession::rcpt},
    {Verb::data, always, &ServerSession::data},
    {Verb::bdat, offered<Extension::chunking>, &ServerSession::acknowledge},  // see begin_chunk()
    {Verb::end_of_data, always, &ServerSession::acknowledge},  // "." outside of a message
    {Verb::rset, always, &ServerSession::rset},
    {Verb::noop, always, &ServerSession::acknowledge},
    {Verb::vrfy, always, &ServerSession::acknowledge},
    {Verb::quit, always, &ServerSession::quit},
}};

// Whether this server speaks the command at all.
bool ServerSession::known(Verb verb) const {
  static_assert(std::ranges::adjacent_find(kCommands, std::ranges::greater_equal(),
                                           &CommandSpec::verb) == kCommands.end(),
                "a row each, in their order");
  return kCommands[index(verb)].known(profile_);
}

ServerSession::Response ServerSession::greet(std::string_view /*arguments*/) {
  return {.reply = replies_.greeting};
}

ServerSession::Response ServerSession::helo(std::string_view arguments) {
  abort_transaction(TransactionState::none);
  observer_.greeted(Verb::helo, arguments);
  return {.reply = replies_.helo};
}

ServerSession::Response ServerSession::ehlo(std::string_view arguments) {
  return extended_hello(Verb::ehlo, arguments);
}

ServerSession::Response ServerSession::lhlo(std::string_view arguments) {
  return extended_hello(Verb::lhlo, arguments);
}

ServerSession::Response ServerSession::extended_hello(Verb verb, std::string_view name) {
  abort_transaction(TransactionState::none);
  observer_.greeted(verb, name);
  return {.reply = replies_.ehlo(client_.secured, client_.trusted)};
}

ServerSession::Response ServerSession::acknowledge(std::string_view /*arguments*/) {
  return {.reply = kOk};
}

ServerSession::Response ServerSession::starttls(std::string_view arguments) {
  if (!arguments.empty()) return {.reply = kNoArguments};
  if (client_.secured) return {.reply = kTlsActive};
  return {.reply = kStartTls, .next = SessionPhase::securing};
}

// Postfix's XCLIENT_README: the session begins again, as the client that it speaks of. All
// attributes are looked at before any takes effect.
ServerSession::Response ServerSession::xclient(std::string_view arguments) {
  if (!profile_.xclient_takes_effect) return {.reply = kOk};
  if (!client_.trusted) return {.reply = kNotTrusted};
  if (transaction_ != TransactionState::none) return {.reply = kInTransaction};
  std::string_view unread = arguments;
  do {
    if (take_attribute(unread, profile_.xclient_attributes).name.empty()) {
      return {.reply = kBadAttribute};
    }
  } while (!unread.empty());
  while (!arguments.empty()) {
    const Attribute attribute = take_attribute(arguments, profile_.xclient_attributes);
    observer_.client_attribute(attribute.name, attribute.value);
  }
  return {.reply = replies_.greeting};
}

ServerSession::Response ServerSession::auth(std::string_view arguments) {
  if (!profile_.authenticates) return {.reply = kOk};
  if (transaction_ != TransactionState::none) return {.reply = kInTransaction};
  return authentication_step(authentication_.begin(arguments));
}

ServerSession::Response ServerSession::authentication_step(std::string_view reply) const {
  return {.reply = reply,
          .next = authentication_.going_on() ? SessionPhase::sasl : SessionPhase::command};
}

ServerSession::Response ServerSession::mail(std::string_view arguments) {
  if (transaction_ != TransactionState::none) return {.reply = kNestedMail};
  const ServerLimits& limits = profile_.limits;
  if (limits.transactions > 0 && transactions_ >= limits.transactions) {
    return {.reply = kTooManyTransactions};
  }
  constexpr ExtensionSet kLookedAt{Extension::size, Extension::chunking, Extension::binary_mime,
                                   Extension::smtp_utf8, Extension::require_tls};
  MailParameters parameters;
  if (!(profile_.offered & kLookedAt).empty()) {
    parameters = parse_mail_parameters(arguments);
    const std::string_view refusal = refuse_parameters(parameters);
    if (!refusal.empty()) return {.reply = refusal};
  }
  transaction_ = TransactionState::mail;
  utf8_ = parameters.smtp_utf8;
  binary_ = parameters.body == MailParameters::Body::binary;
  ++transactions_;
  recipients_ = 0;
  content_left_ = Decision::kNoLimit;
  observer_.mail(arguments);
  return {.reply = kMailOk};
}

// The reply to parameters of MAIL that this server cannot take; empty when it can.
std::string_view ServerSession::refuse_parameters(const MailParameters& parameters) const {
  using Body = MailParameters::Body;
  constexpr ExtensionSet kWithBody{Extension::eight_bit_mime, Extension::binary_mime};
  const std::uint64_t limit = profile_.limits.message_size;
  if (parameters.bad_size) return kBadSize;
  const bool takes_body = !(profile_.offered & kWithBody).empty();
  if (parameters.body != Body::not_given && !takes_body) return kNoBody;
  if (parameters.body == Body::unknown) return kBadBody;
  const bool binary = parameters.body == Body::binary;
  if (binary && !profile_.offered.has(Extension::binary_mime)) return kNoBinary;
  if (limit > 0 && parameters.size > limit) return kTooLarge;
  if (parameters.require_tls && !client_.secured) return kNeedTls;
  if (!parameters.smtp_utf8 && needs_utf8(parameters.path)) return kNeedUtf8;
  return {};
}

// RFC 6531, 3.5.
bool ServerSession::needs_utf8(std::string_view path) const {
  return profile_.offered.has(Extension::smtp_utf8) && !ascii(path);
}

ServerSession::Response ServerSession::rcpt(std::string_view arguments) {
  if (transaction_ == TransactionState::none) return {.reply = kNeedMail};
  if (amid_chunks()) return {.reply = kAmidChunks};
  if (profile_.limits.recipients > 0 && recipients_ >= profile_.limits.recipients) {
    return {.reply = kTooManyRecipients};
  }
  if (!utf8_ && needs_utf8(arguments)) return {.reply = kNeedUtf8};
  transaction_ = TransactionState::recipients;
  ++recipients_;
  observer_.recipient(arguments);
  return {.reply = kRcptOk};
}

ServerSession::Response ServerSession::data(std::string_view /*arguments*/) {
  if (amid_chunks()) return {.reply = kAmidChunks};
  if (transaction_ != TransactionState::recipients) return {.reply = kNeedRcpt};
  if (binary_) return {.reply = kNeedBdat};
  end_of_data_.reset();
  check_ = {};
  return {.reply = kStartContent, .asks_for_content = true};
}

ServerSession::Response ServerSession::rset(std::string_view /*arguments*/) {
  abort_transaction(TransactionState::none);
  return {.reply = kMailOk};
}

ServerSession::Response ServerSession::quit(std::string_view /*arguments*/) {
  return {.reply = kBye, .ending = Ending::quit};
}

}  // namespace millrace::smtp
