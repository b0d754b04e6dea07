#include "cli/source_extensions.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/utf8.h"
#include "cli/given.h"
#include "cli/source_arguments.h"
#include "cli/text_values.h"
#include "mail/body.h"
#include "mail/message.h"
#include "sasl/mechanisms.h"
#include "sasl/users.h"
#include "smtp/keyword.h"

namespace millrace::cli {
namespace {

using smtp::Extension;
using smtp::ExtensionSet;

// What each of these options asks for, or cannot do without.
struct Implied {
  bool (*by)(const SourceArguments&);
  Extension extension;
};

constexpr Implied kImplied[] = {
    {has<&SourceArguments::pipelining>, Extension::pipelining},
    {has<&SourceArguments::pipeline_window>, Extension::pipelining},
    {has<&SourceArguments::chunking>, Extension::chunking},
    {has<&SourceArguments::chunk_size>, Extension::chunking},
    {has<&SourceArguments::xclient>, Extension::xclient},
    {has<&SourceArguments::xforward>, Extension::xforward},
    {has<&SourceArguments::smtputf8>, Extension::smtp_utf8},
    {has<&SourceArguments::requiretls>, Extension::require_tls},
    {has<&SourceArguments::mt_priority>, Extension::mt_priority},
    {has<&SourceArguments::dsn_ret>, Extension::dsn},
    {has<&SourceArguments::dsn_envid>, Extension::dsn},
    {has<&SourceArguments::dsn_notify>, Extension::dsn},
    {has<&SourceArguments::dsn_orcpt>, Extension::dsn},
    {has<&SourceArguments::auth>, Extension::auth},
    {has<&SourceArguments::starttls>, Extension::starttls},
};

Extension body_extension(std::string_view type) {
  return type == "BINARYMIME" ? Extension::binary_mime : Extension::eight_bit_mime;
}

// One of the words that a parameter may have, which is given in capitals.
Reader<std::string> keyword_of(std::string_view what, std::string_view words) {
  return [what, words](const std::string& text, std::string_view names) {
    const std::string_view word = smtp::find_listed(text, words);
    if (word.empty()) reject(what, text, names, "expected one of " + std::string(words));
    return std::string(word);
  };
}

// The conditions of NOTIFY (RFC 3461, 4.1).
std::string conditions(const std::string& list, std::string_view names) {
  const auto condition = keyword_of("condition", "NEVER SUCCESS FAILURE DELAY");
  std::string text;
  for (const std::string& word : list_words(list, names)) {
    if (!text.empty()) text += ',';
    text += condition(word, names);
  }
  if (text.find("NEVER") != std::string::npos && text != "NEVER") {
    reject("condition", list, names, "expected NEVER alone, or some of the others");
  }
  return text;
}

std::string priority(const std::string& text, std::string_view names) {
  const bool negative = text.starts_with('-');
  if (!whole_number(std::string_view(text).substr(negative ? 1 : 0), 0, 9)) {
    reject("priority", text, names, "expected a whole number from -9 to 9");
  }
  return text;
}

void add_wire(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Extensions (each implies --ehlo)");
  group.flag("--ehlo", "say EHLO, not HELO", given.ehlo);
  group.flag("--if-offered", "do without what is not announced", given.if_offered);
  group.flag("--pipelining", "send commands without waiting", given.pipelining);
  group.value("--pipeline-window", "N", "messages unanswered at once (1)", given.pipeline_window,
              number<std::size_t>("pipeline window", 1));
  group.flag("--chunking", "send content by BDAT", given.chunking);
  group.value("--chunk-size", "BYTES", "the same, in chunks of this size", given.chunk_size,
              byte_count("chunk size"));
  group.value("--xclient", "ATTRIBUTES", "speak for another client: NAME=VALUE\n..., [gen] differs",
              given.xclient, single_line("attributes"));
  group.value("--xforward", "ATTRIBUTES", "the same for logging, each message", given.xforward,
              single_line("attributes"));
}

void add_parameters(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Parameters of MAIL and RCPT");
  group.value("--body", "TYPE", "7BIT, 8BITMIME or BINARYMIME", given.body,
              keyword_of("body type", "7BIT 8BITMIME BINARYMIME"));
  group.flag("--smtputf8", "addresses in UTF-8", given.smtputf8);
  group.flag("--requiretls", "TLS all the way", given.requiretls);
  group.value("--mt-priority", "N", "priority, from -9 to 9", given.mt_priority, priority);
  group.value("--dsn-ret", "PART", "return FULL or HDRS", given.dsn_ret,
              keyword_of("part", "FULL HDRS"));
  group.value("--dsn-envid", "ID", "envelope identifier", given.dsn_envid,
              single_line("identifier"));
  group.value("--dsn-notify", "LIST", "NEVER, or of SUCCESS,FAILURE,DELAY", given.dsn_notify,
              conditions);
  group.flag("--dsn-orcpt", "name the original recipient", given.dsn_orcpt);
  group.each("--mail-param", "TEXT", "add this to MAIL", given.mail_param,
             single_line("parameter"));
  group.each("--rcpt-param", "TEXT", "add this to RCPT", given.rcpt_param,
             single_line("parameter"));
}

void add_authentication(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Authentication (implies --ehlo)");
  group.value("--auth", "MECHANISM",
              "PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1,\nSCRAM-SHA-256, XOAUTH2 or OAUTHBEARER",
              given.auth, keyword_of("mechanism", sasl::kMechanisms));
  group.value("--auth-user", "NAME", "who", given.auth_user);
  group.value("--auth-password-file", "FILE", "the password, or token, is its first line",
              given.auth_password_file);
  group.value("--auth-password", "TEXT", "the same, for all to see in ps(1)", given.auth_password);
  group.value("--auth-users", "FILE", "user,password a line; in turn", given.auth_users);
  group.flag("--auth-in-clear", "send a password or token without TLS", given.auth_in_clear);
}

// Who authenticates.
std::vector<sasl::User> users(const SourceArguments& given) {
  if (given.auth_users) return sasl::read_users(*given.auth_users);
  if (!given.one_user()) return {};
  sasl::User user{.name = given.auth_user.value_or(""), .password = {}};
  if (given.auth_password_file) user.password = sasl::read_password(*given.auth_password_file);
  put(user.password, given.auth_password);
  return {user};
}

// No secret goes out unprotected by an oversight.
void check_secrets(const SourceArguments& given) {
  if (!given.auth || given.uses_tls() || given.auth_in_clear) return;
  if (!sasl::reveals_secret(*given.auth)) return;
  throw Fatal("--auth " + *given.auth + " sends the " +
              (sasl::carries_token(*given.auth) ? "token" : "password") +
              " in clear: use --starttls or --tls, or --auth-in-clear if nobody listens");
}

// What --if-offered does not make optional: the protection of what is secret, and what a message
// cannot be sent without (RFC 6531, 3.2; RFC 3030, 3).
ExtensionSet indispensable(const source::SourceOptions& options) {
  ExtensionSet needed;
  const bool verify = options.tls && options.tls->verify;
  if (verify || !options.auth_mechanism.empty()) needed.add(Extension::starttls);
  // RFC 6531, 3.2: header fields as well (RFC 6532), those of a file too. A body needs 8BITMIME.
  const mail::MessageOptions& message = options.message;
  const std::string_view header =
      message.headers ? message.subject : mail::header_section(message.body);
  if (!is_ascii(message.reverse_path) || !is_ascii(message.forward_path) || !is_ascii(header)) {
    needed.add(Extension::smtp_utf8);
  }
  if (options.plan.wanted.has(Extension::binary_mime)) {
    needed = needed | ExtensionSet{Extension::binary_mime, Extension::chunking};
  }
  return needed;
}

}  // namespace

ExtensionSet SourceArguments::extensions() const {
  ExtensionSet wanted;
  for (const auto& [by, extension] : kImplied) {
    if (by(*this)) wanted.add(extension);
  }
  if (body) wanted.add(body_extension(*body));
  // Binary content can only travel in chunks (RFC 3030, 3).
  if (wanted.has(Extension::binary_mime)) wanted.add(Extension::chunking);
  return wanted;
}

void add_extension_options(CommandLine& line, SourceArguments& given) {
  add_wire(line, given);
  add_parameters(line, given);
  add_authentication(line, given);
}

void build_parameters(const SourceArguments& given, mail::MessageOptions& message) {
  const auto mail = [&](std::optional<Extension> extension, std::string text) {
    message.envelope.mail_parameters.push_back({extension, std::move(text)});
  };
  const auto rcpt = [&](std::optional<Extension> extension, std::string text) {
    message.envelope.rcpt_parameters.push_back({extension, std::move(text)});
  };
  if (given.body) mail(body_extension(*given.body), "BODY=" + *given.body);
  if (given.smtputf8) mail(Extension::smtp_utf8, "SMTPUTF8");
  if (given.requiretls) mail(Extension::require_tls, "REQUIRETLS");
  if (given.mt_priority) mail(Extension::mt_priority, "MT-PRIORITY=" + *given.mt_priority);
  if (given.dsn_ret) mail(Extension::dsn, "RET=" + *given.dsn_ret);
  if (given.dsn_envid) mail(Extension::dsn, "ENVID=" + mail::xtext(*given.dsn_envid));
  for (const std::string& text : given.mail_param) mail(std::nullopt, text);
  if (given.dsn_notify) rcpt(Extension::dsn, "NOTIFY=" + *given.dsn_notify);
  for (const std::string& text : given.rcpt_param) rcpt(std::nullopt, text);
  message.envelope.original_recipient = given.dsn_orcpt;
  put(message.envelope.xforward, given.xforward);
}

void build_plan(const SourceArguments& given, source::SourceOptions& options) {
  put(options.auth_mechanism, given.auth);
  options.users = users(given);
  check_secrets(given);
  put(options.xclient, given.xclient);
  smtp::ClientPlan& plan = options.plan;
  plan.wanted = given.extensions();
  if (given.if_offered) plan.optional = plan.wanted - indispensable(options);
  put(plan.window, given.pipeline_window);
  put(plan.chunk_size, given.chunk_size);
  plan.hello_verb = given.lmtp          ? smtp::Verb::lhlo
                    : given.says_ehlo() ? smtp::Verb::ehlo
                                        : smtp::Verb::helo;
  if (!given.old) plan.hello_name = options.message.host_name;
}

}  // namespace millrace::cli
