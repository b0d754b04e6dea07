#include "sink/lint/lint_observer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/printable.h"
#include "sink/display.h"
#include "sink/lint/command_form.h"
#include "sink/xclient_address.h"
#include "smtp/capabilities.h"
#include "smtp/keyword.h"
#include "smtp/mail_parameters.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

using smtp::Extension;
using smtp::Verb;

// What is kept of a hello's name.
constexpr std::size_t kHelloName = 64;

// Mechanisms that send what a password is, or is as good as (RFC 4616, RFC 7628).
constexpr std::string_view kClearMechanisms = "PLAIN LOGIN XOAUTH2 OAUTHBEARER";

// Commands that others may not follow in a group (RFC 2920, 3.1; RFC 4954, 4).
bool ends_group(Verb verb) {
  switch (verb) {
    case Verb::helo:
    case Verb::ehlo:
    case Verb::lhlo:
    case Verb::auth:
    case Verb::noop:
    case Verb::vrfy:
    case Verb::quit:
      return true;
    default:
      return false;
  }
}

// What a reply to EHLO or LHLO announces: its lines behind their codes (RFC 5321, 4.2).
smtp::ExtensionSet extensions_in(std::string_view reply) {
  constexpr std::size_t kCode = 4;
  std::string text;
  while (!reply.empty()) {
    std::string_view line = reply.substr(0, reply.find('\n'));
    reply.remove_prefix(std::min(line.size() + 1, reply.size()));
    line.remove_prefix(std::min(kCode, line.size()));
    text.append(line).append("\n");
  }
  return smtp::parse_capabilities(text).extensions;
}

std::string shown_name(std::string_view name) {
  return printable(beginning(first_line(name), kHelloName), Charset::utf8);
}

// Of too many recipients the others are to be tried at once (RFC 5321, 4.5.3.1.10).
bool defers(std::string_view reply) { return reply.starts_with('4') && !reply.starts_with("452"); }

}  // namespace

LintObserver::LintObserver(LintTotals& totals, const Listener& listener)
    : totals_(totals), listener_(listener), order_(findings_), content_(findings_) {}

void LintObserver::spoke_first(std::string_view bytes) {
  if (bytes.empty() || std::exchange(spoke_first_, true)) return;
  findings_.add(Finding::before_greeting, shown_command(first_line(bytes)));
}

void LintObserver::object(smtp::Decision& decision) {
  const auto objection = findings_.take_refusable();
  const bool goes_on = decision.action == smtp::Decision::Action::proceed;
  if (!objection || !totals_.strict() || !goes_on) return;
  const bool closes = spec(objection->finding).closes;
  decision = {.action = closes ? smtp::Decision::Action::farewell : smtp::Decision::Action::answer,
              .wait = decision.wait,
              .reply = totals_.refusal(*objection)};
}

void LintObserver::opened(const net::SocketAddress& peer, TimePoint now) {
  address_ = peer.host();
  now_ = now;
}

void LintObserver::speaks_for(const net::SocketAddress& source) { address_ = source.host(); }

void LintObserver::secured(const Handshake& /*handshake*/) {
  secured_ = true;
  order_.secured();
}

void LintObserver::read_timeout() {
  if (chunk_left_ > 0) findings_.add(Finding::bdat_count, sample_);
}

void LintObserver::ended(Ending ending, int /*error*/, TimePoint /*now*/) {
  if (ending == Ending::clients && !unanswered_) findings_.add(Finding::no_quit);
  totals_.add(address_, hello_, findings_);
}

void LintObserver::heard(smtp::Line line, std::string_view text, std::string_view behind) {
  ending_ = false;
  if (line == smtp::Line::sasl_response) {
    sample_ = kAuthentication;
    judge_bytes(text, sample_, findings_);
    if (!behind.empty()) findings_.add(Finding::before_reply, sample_);
    return;
  }
  sample_ = first_line(lines_.show(text));
  judge_bytes(text, sample_, findings_);
  judge_length(text, sample_, findings_);
  judge_command(text);
  judge_pace(smtp::parse_command(text), behind);
}

void LintObserver::judge_command(std::string_view text) {
  const smtp::Command command = smtp::parse_command(text);
  const bool first_behind_chunk = std::exchange(behind_chunk_, false);
  if (!is_command(command)) {
    findings_.add(first_behind_chunk ? Finding::bdat_count : Finding::unknown_command, sample_);
    return;
  }
  const auto verb = smtp::find_verb(command.keyword);
  if (!verb || !hello_said_ || !of_other_extension(*verb, announced_)) return;
  if (*verb == Verb::starttls && secured_) return;  // it is out of order
  const About about = extended_ ? About::command : About::without_ehlo;
  findings_.add(Finding::not_announced, sample_, about);
}

// `behind`: what has come already, though nothing was replied yet.
void LintObserver::judge_pace(const smtp::Command& command, std::string_view behind) {
  const auto verb = smtp::find_verb(command.keyword);
  if (verb == Verb::bdat) {  // its content comes with it
    const auto chunk = smtp::parse_chunk(command.arguments);
    if (!chunk || behind.size() <= chunk->size) return;
  }
  if (behind.empty()) return;
  if (verb == Verb::data) {
    findings_.add(Finding::before_354, sample_);
  } else if (verb == Verb::starttls) {
    findings_.add(Finding::behind_starttls, sample_);
  } else if (!announced_.has(Extension::pipelining)) {
    findings_.add(Finding::before_reply, sample_);
  } else if (verb && ends_group(*verb)) {
    findings_.add(Finding::behind_group_end, sample_);
  }
}

void LintObserver::commanded(Verb verb, std::string_view arguments) {
  if (verb == Verb::end_of_data) {
    if (!ending_) return;
    object_to_content();
    if (std::exchange(in_content_, false)) content_.finish();
    return;
  }
  if (verb == Verb::connect) return;
  if (verb == Verb::bdat) object_to_content();
  order_.commanded(verb, sample_);
  switch (verb) {
    case Verb::helo:
    case Verb::ehlo:
    case Verb::lhlo:
      return judge_hello_name(smtp::without_blanks(arguments), findings_);
    case Verb::mail:
      return judge_mail(arguments);
    case Verb::rcpt:
      return judge_recipient(arguments);
    case Verb::auth:
      return judge_auth(arguments);
    case Verb::bdat:
      return judge_chunk(arguments);
    default:
      return;
  }
}

// What is wrong with content is held against what continues or ends it.
void LintObserver::object_to_content() {
  if (objection_) findings_.object(*objection_);
  objection_.reset();
}

void LintObserver::judge_mail(std::string_view arguments) {
  const smtp::MailParameters parameters = smtp::parse_mail_parameters(arguments);
  declared_ = {.size = parameters.size,
               .eight_bit = says_eight_bit(arguments),
               .binary = parameters.body == smtp::MailParameters::Body::binary,
               .utf8 = parameters.smtp_utf8};
  sender_ = smtp::address_in(arguments);
  judge_path(Verb::mail, arguments, declared_.utf8, findings_);
  if (parameters.bad_size) findings_.add(Finding::wrong_size, sample_);
  if (hello_said_) judge_parameters(arguments, announced_, findings_);
}

void LintObserver::judge_recipient(std::string_view arguments) {
  judge_path(Verb::rcpt, arguments, declared_.utf8, findings_);
  if (hello_said_) judge_parameters(arguments, announced_, findings_);
  attempt_ = Deferrals::key({listener_.name, address_, sender_, smtp::address_in(arguments)});
  if (totals_.deferrals().lately(attempt_, now_)) findings_.add(Finding::early_retry, sample_);
}

void LintObserver::judge_auth(std::string_view arguments) {
  const std::string_view mechanism = smtp::take_word(arguments);
  const bool clear = !smtp::find_listed(mechanism, kClearMechanisms).empty();
  if (clear && !secured_) findings_.add(Finding::clear_auth, sample_);
}

void LintObserver::judge_chunk(std::string_view arguments) {
  const auto chunk = smtp::parse_chunk(arguments);
  if (!chunk || chunk->malformed) findings_.add(Finding::bdat_count, sample_);
  if (!chunk) return;
  chunk_left_ = chunk->size;
  ending_ = chunk->last;
  in_content_ = true;
}

void LintObserver::replied(std::optional<Verb> verb, std::string_view reply, std::size_t copies) {
  if (verb == Verb::connect) {
    greeting_sent_ = true;
    return;  // what was said before it is refused with the first command
  }
  if (verb && says_hello(*verb) && smtp::positive(reply)) {
    extended_ = *verb != Verb::helo;
    announced_ = extended_ ? extensions_in(reply) : smtp::ExtensionSet();
  }
  if (verb == Verb::rcpt && defers(reply)) totals_.deferrals().note({&attempt_, 1}, now_);
  if (verb == Verb::data && reply.starts_with("354")) in_content_ = true;
  if (verb == Verb::auth && reply.starts_with("235")) order_.authenticated();
  if (verb == Verb::bdat) {
    chunk_left_ = 0;
    behind_chunk_ = true;
  }
  const bool ends = verb == Verb::end_of_data || verb == Verb::bdat;
  if (ends && ending_) message_answered_with(reply, copies);
  findings_.take_refusable();  // nothing more is decided about it
}

// LMTP has a reply for each recipient (RFC 2033, 4.2).
void LintObserver::message_answered_with(std::string_view reply, std::size_t copies) {
  order_.message_over();
  in_content_ = false;
  const bool each = listener_.profile.protocol == smtp::ServerProfile::Protocol::lmtp;
  const std::size_t begin = each ? std::min(answered_, attempts_.size()) : 0;
  const std::size_t end = each ? std::min(begin + copies, attempts_.size()) : attempts_.size();
  answered_ = end;
  if (!reply.starts_with('4')) return;
  totals_.deferrals().note(std::span(attempts_).subspan(begin, end - begin), now_);
}

void LintObserver::greeted(Verb /*verb*/, std::string_view name) {
  hello_said_ = true;
  order_.greeted();
  order_.transaction_over();
  if (hello_.empty()) hello_ = shown_name(smtp::without_blanks(name));
}

void LintObserver::hello_forgotten() {
  hello_said_ = false;
  announced_ = {};
  order_.hello_forgotten();
}

void LintObserver::client_attribute(std::string_view name, std::string_view value) {
  if (name == "HELO") hello_ = shown_name(value);
  if (name != "ADDR") return;
  if (const auto address = xclient_address(value)) address_ = address->host();
}

void LintObserver::mail(std::string_view /*arguments*/) {
  order_.transaction_begun();
  content_.begin(declared_);
  attempts_.clear();
  answered_ = 0;
  in_content_ = false;
  objection_.reset();
}

void LintObserver::recipient(std::string_view /*arguments*/) {
  if (attempts_.size() < kMostRecipients) attempts_.push_back(attempt_);
}

void LintObserver::transaction_aborted() {
  order_.transaction_over();
  in_content_ = false;
  objection_.reset();
}

void LintObserver::content(std::string_view bytes, smtp::Form form) {
  in_content_ = true;
  if (form == smtp::Form::plain) {
    chunk_left_ -= std::min<std::uint64_t>(bytes.size(), chunk_left_);
  }
  content_.take(bytes, form);
  const auto found = findings_.take_refusable();
  if (!objection_) objection_ = found;
}

void LintObserver::content_over(std::string_view behind) {
  ending_ = true;
  if (behind.empty() || announced_.has(Extension::pipelining)) return;
  findings_.add(Finding::before_reply, shown_command(first_line(behind)), About::content);
}

smtp::Storage LintObserver::message_complete() {
  order_.transaction_over();
  return smtp::Storage::kept;
}

}  // namespace millrace::sink
