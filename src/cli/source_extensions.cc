#include "cli/source_extensions.h"

#include <algorithm>
#include <array>

#include "base/diagnostics.h"
#include "cli/command_line.h"
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

// One of the words that a parameter may have, in capitals.
std::string one_of(const std::string& text, std::string_view what, std::string_view names,
                   std::string_view words) {
  const std::string_view word = smtp::find_listed(text, words);
  if (word.empty()) reject(what, text, names, "expected one of " + std::string(words));
  return std::string(word);
}

// The conditions of NOTIFY (RFC 3461, 4.1).
std::string conditions(std::string_view list) {
  std::string text;
  for (const std::string_view word : list_words(list, "--dsn-notify")) {
    if (!text.empty()) text += ',';
    text += one_of(std::string(word), "condition", "--dsn-notify", "NEVER SUCCESS FAILURE DELAY");
  }
  if (text.find("NEVER") != std::string::npos && text != "NEVER") {
    reject("condition", list, "--dsn-notify", "expected NEVER alone, or some of the others");
  }
  return text;
}

void add_wire(CommandLine& line, source::SourceOptions& options, ExtensionDraft& draft) {
  smtp::ClientPlan& plan = options.plan;
  OptionGroup group(line, "Extensions (each implies --ehlo)");
  group.flag("--ehlo", "say EHLO, not HELO", [&plan] { plan.hello_verb = smtp::Verb::ehlo; });
  group.flag("--if-offered", "do without what is not announced", draft.if_offered);
  group.flag("--pipelining", "send commands without waiting",
             [&plan] { plan.wanted.add(Extension::pipelining); });
  group.number<std::size_t>("--pipeline-window", "N", "pipeline window", 1,
                            "messages unanswered at once (1)", [&plan](std::size_t window) {
                              plan.wanted.add(Extension::pipelining);
                              plan.window = window;
                            });
  group.flag("--chunking", "send content by BDAT",
             [&plan] { plan.wanted.add(Extension::chunking); });
  group.value("--chunk-size", "BYTES", "the same, in chunks of this size",
              [&plan](const std::string& text) {
                plan.wanted.add(Extension::chunking);
                plan.chunk_size = byte_count("chunk size", text, "--chunk-size");
              });
  group.value("--xclient", "ATTRIBUTES", "speak for another client: NAME=VALUE\n..., [gen] differs",
              [&options](const std::string& text) {
                options.plan.wanted.add(Extension::xclient);
                options.xclient = single_line("attributes", text, "--xclient");
              });
  group.value("--xforward", "ATTRIBUTES", "the same for logging, each message",
              [&options](const std::string& text) {
                options.plan.wanted.add(Extension::xforward);
                options.message.xforward = single_line("attributes", text, "--xforward");
              });
}

void add_parameters(CommandLine& line, source::SourceOptions& options) {
  OptionGroup group(line, "Parameters of MAIL and RCPT");
  const auto mail = [&options](Extension extension, const std::string& text) {
    options.plan.wanted.add(extension);
    options.message.mail_parameters.push_back({extension, text});
  };
  group.value("--body", "TYPE", "7BIT, 8BITMIME or BINARYMIME", [=](const std::string& text) {
    const std::string type = one_of(text, "body type", "--body", "7BIT 8BITMIME BINARYMIME");
    mail(type == "BINARYMIME" ? Extension::binary_mime : Extension::eight_bit_mime, "BODY=" + type);
  });
  group.flag("--smtputf8", "addresses in UTF-8", [=] { mail(Extension::smtp_utf8, "SMTPUTF8"); });
  group.flag("--requiretls", "TLS all the way",
             [=] { mail(Extension::require_tls, "REQUIRETLS"); });
  group.value("--mt-priority", "N", "priority, from -9 to 9", [=](const std::string& text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (!whole_number(std::string_view(text).substr(negative ? 1 : 0), 0, 9)) {
      reject("priority", text, "--mt-priority", "expected a whole number from -9 to 9");
    }
    mail(Extension::mt_priority, "MT-PRIORITY=" + text);
  });
  group.value("--dsn-ret", "PART", "return FULL or HDRS", [=](const std::string& text) {
    mail(Extension::dsn, "RET=" + one_of(text, "part", "--dsn-ret", "FULL HDRS"));
  });
  group.value("--dsn-envid", "ID", "envelope identifier", [=](const std::string& text) {
    mail(Extension::dsn, "ENVID=" + mail::xtext(single_line("identifier", text, "--dsn-envid")));
  });
  group.value(
      "--dsn-notify", "LIST", "NEVER, or of SUCCESS,FAILURE,DELAY",
      [&options](const std::string& list) {
        options.plan.wanted.add(Extension::dsn);
        options.message.rcpt_parameters.push_back({Extension::dsn, "NOTIFY=" + conditions(list)});
      });
  group.flag("--dsn-orcpt", "name the original recipient", [&options] {
    options.plan.wanted.add(Extension::dsn);
    options.message.original_recipient = true;
  });
  group.each_value("--mail-param", "TEXT", "add this to MAIL", [&options](const std::string& text) {
    options.message.mail_parameters.push_back(
        {std::nullopt, single_line("parameter", text, "--mail-param")});
  });
  group.each_value("--rcpt-param", "TEXT", "add this to RCPT", [&options](const std::string& text) {
    options.message.rcpt_parameters.push_back(
        {std::nullopt, single_line("parameter", text, "--rcpt-param")});
  });
}

void add_authentication(CommandLine& line, source::SourceOptions& options, ExtensionDraft& draft) {
  OptionGroup group(line, "Authentication (implies --ehlo)");
  group.value("--auth", "MECHANISM",
              "PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1,\nSCRAM-SHA-256, XOAUTH2 or OAUTHBEARER",
              [&options](const std::string& name) {
                options.auth_mechanism = one_of(name, "mechanism", "--auth", sasl::kMechanisms);
                options.plan.wanted.add(Extension::auth);
              });
  const auto one_user = [&user = draft.user]() -> sasl::User& {
    if (!user) user.emplace();
    return *user;
  };
  group.value("--auth-user", "NAME", "who",
              [=](const std::string& name) { one_user().name = name; });
  group.value("--auth-password-file", "FILE", "the password, or token, is its first line",
              [=](const std::string& path) { one_user().password = sasl::read_password(path); });
  group.value(
      "--auth-password", "TEXT", "the same, for all to see in ps(1)", [=](const std::string& text) {
        warn("--auth-password shows it to everybody on this machine: better --auth-password-file");
        one_user().password = text;
      });
  group.value("--auth-users", "FILE", "user,password a line; in turn",
              [&options](const std::string& path) { options.users = sasl::read_users(path); });
  group.flag("--auth-in-clear", "send a password or token without TLS", draft.auth_in_clear);
}

// Puts together who authenticates.
void complete_users(source::SourceOptions& options, const ExtensionDraft& draft) {
  const std::optional<sasl::User>& user = draft.user;
  if (user && !options.users.empty()) {
    throw Fatal("use only one of --auth-user or --auth-users, but not both");
  }
  if (user) options.users = {*user};
  const bool asked = !options.auth_mechanism.empty();
  if (!asked && !options.users.empty()) throw Fatal("users without a mechanism: expected --auth");
  if (!asked && draft.auth_in_clear) throw Fatal("--auth-in-clear needs a mechanism (--auth)");
  if (!asked) return;
  if (options.users.empty() || options.users.front().name.empty()) {
    throw Fatal("--auth needs --auth-user with --auth-password-file, or --auth-users");
  }
}

// No secret goes out unprotected by an oversight.
void check_secrets(const source::SourceOptions& options, bool in_clear) {
  const bool protects = options.tls_from_start || options.plan.wanted.has(Extension::starttls);
  if (protects || in_clear || !sasl::reveals_secret(options.auth_mechanism)) return;
  throw Fatal("--auth " + options.auth_mechanism + " sends the " +
              (sasl::carries_token(options.auth_mechanism) ? "token" : "password") +
              " in clear: use --starttls or --tls, or --auth-in-clear if nobody listens");
}

bool beyond_ascii(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char byte) { return (byte & 0x80) != 0; });
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
  if (beyond_ascii(message.reverse_path) || beyond_ascii(message.forward_path) ||
      beyond_ascii(header)) {
    needed.add(Extension::smtp_utf8);
  }
  if (options.plan.wanted.has(Extension::binary_mime)) {
    needed = needed | ExtensionSet{Extension::binary_mime, Extension::chunking};
  }
  return needed;
}

}  // namespace

void add_extension_options(CommandLine& line, source::SourceOptions& options,
                           ExtensionDraft& draft) {
  add_wire(line, options, draft);
  add_parameters(line, options);
  add_authentication(line, options, draft);
}

void complete_plan(source::SourceOptions& options, const ExtensionDraft& draft, bool lmtp,
                   bool old_mode) {
  complete_users(options, draft);
  check_secrets(options, draft.auth_in_clear);
  smtp::ClientPlan& plan = options.plan;
  const bool extended = !plan.wanted.empty() || plan.hello_verb == smtp::Verb::ehlo;
  if (extended && old_mode) {
    throw Fatal("-o sends no EHLO: it cannot be used with extensions");
  }
  // Binary content can only travel in chunks (RFC 3030, 3).
  if (plan.wanted.has(Extension::binary_mime)) plan.wanted.add(Extension::chunking);
  if (draft.if_offered) plan.optional = plan.wanted - indispensable(options);
  plan.hello_verb = lmtp ? smtp::Verb::lhlo : extended ? smtp::Verb::ehlo : smtp::Verb::helo;
  if (!old_mode) plan.hello_name = options.message.host_name;
}

}  // namespace millrace::cli
