#include "sink/lint/command_form.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/address_pool.h"
#include "smtp/keyword.h"
#include "smtp/mail_parameters.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

using smtp::Extension;
using smtp::Verb;

// Bytes of a command line with its CR LF (RFC 5321, 4.5.3.1.4). Extensions make some commands
// longer: AUTH (RFC 4954, 4), and MAIL and RCPT by less than this in all.
constexpr std::size_t kLongestCommand = 512;
constexpr std::size_t kLongestAuth = 12'288;
constexpr std::size_t kParameters = 1'100;

struct ParameterSpec {
  std::string_view name;
  smtp::ExtensionSet extensions;  // of which one is enough
};

constexpr auto kParameterSpecs = std::to_array<ParameterSpec>({
    {"SIZE", {Extension::size}},
    {"BODY", {Extension::eight_bit_mime, Extension::binary_mime}},
    {"SMTPUTF8", {Extension::smtp_utf8}},
    {"REQUIRETLS", {Extension::require_tls}},
    {"AUTH", {Extension::auth}},
    {"MT-PRIORITY", {Extension::mt_priority}},
    {"RET", {Extension::dsn}},
    {"ENVID", {Extension::dsn}},
    {"NOTIFY", {Extension::dsn}},
    {"ORCPT", {Extension::dsn}},
});

// RFC 5321, 4.1.1 and appendix F; RFC 1985, RFC 2645, RFC 4468.
constexpr auto kElsewhere = std::to_array<std::string_view>(
    {"HELP", "EXPN", "TURN", "SEND", "SOML", "SAML", "ETRN", "ATRN", "BURL"});

constexpr auto kExtensionCommands = std::to_array<std::pair<Verb, Extension>>({
    {Verb::starttls, Extension::starttls},
    {Verb::xclient, Extension::xclient},
    {Verb::xforward, Extension::xforward},
    {Verb::auth, Extension::auth},
    {Verb::bdat, Extension::chunking},
});

bool ascii_only(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

// "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321, 4.1.3).
bool is_address_literal(std::string_view name) {
  if (name.size() < 3 || name.front() != '[' || name.back() != ']') return false;
  std::string_view address = name.substr(1, name.size() - 2);
  constexpr std::string_view kTag = "IPv6:";
  const bool six = smtp::same_keyword(address.substr(0, kTag.size()), kTag);
  if (six) address.remove_prefix(kTag.size());
  return (address.find(':') != std::string_view::npos) == six &&
         net::numeric_address(address, 0).has_value();
}

// A host's name has no underscore, and is no address without brackets.
bool is_domain(std::string_view name) {
  return smtp::valid_domain(name) && name.find('_') == std::string_view::npos &&
         !net::numeric_address(name, 0);
}

// The arguments of MAIL or RCPT: what stands up to the colon, blanks, a path and parameters.
struct PathParts {
  std::string_view word;
  bool blank = false;  // something separates the path from the colon
  std::string_view path;
  std::string_view parameters;
};

PathParts path_parts(std::string_view arguments) {
  PathParts parts;
  parts.word = arguments.substr(0, arguments.find(':') + 1);  // without a colon: nothing
  std::string_view rest = arguments.substr(parts.word.size());
  parts.blank = rest.find_first_of(smtp::kBlanks) == 0;
  rest.remove_prefix(std::min(rest.find_first_not_of(smtp::kBlanks), rest.size()));
  parts.path = smtp::path_in(rest);
  parts.parameters = rest.substr(parts.path.size());
  return parts;
}

std::size_t longest_command(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  const auto verb = smtp::find_verb(command.keyword);
  if (verb == Verb::auth) return kLongestAuth;
  if (verb != Verb::mail && verb != Verb::rcpt) return kLongestCommand;
  const bool parameters = !path_parts(command.arguments).parameters.empty();
  return kLongestCommand + (parameters ? kParameters : 0);
}

std::string_view introduction(Verb verb) { return verb == Verb::mail ? "FROM:" : "TO:"; }

bool valid_address(Verb verb, std::string_view address, Charset charset) {
  if (address.empty()) return verb == Verb::mail;  // the null reverse-path
  if (verb == Verb::rcpt && smtp::same_keyword(address, "Postmaster")) return true;
  return smtp::valid_mailbox(address, charset);
}

}  // namespace

void judge_bytes(std::string_view line, std::string_view sample, SessionFindings& findings) {
  for (std::size_t at = line.find_first_of("\r\n"); at != std::string_view::npos;
       at = line.find_first_of("\r\n", at + 1)) {
    // A pair of them would have ended the line.
    findings.add(line[at] == '\r' ? Finding::bare_cr : Finding::bare_lf, sample);
  }
  if (line.find('\0') != std::string_view::npos) findings.add(Finding::nul, sample);
}

void judge_length(std::string_view line, std::string_view sample, SessionFindings& findings) {
  if (line.size() + 2 > longest_command(line)) findings.add(Finding::long_command, sample);
}

void judge_hello_name(std::string_view name, SessionFindings& findings) {
  if (!is_domain(name) && !is_address_literal(name)) findings.add(Finding::hello_name, name);
}

void judge_path(Verb verb, std::string_view arguments, bool utf8, SessionFindings& findings) {
  const PathParts parts = path_parts(arguments);
  if (!smtp::same_keyword(parts.word, introduction(verb)) || parts.path.empty()) {
    return findings.add(Finding::bad_path, arguments);
  }
  if (parts.blank) findings.add(Finding::blank_before_path, arguments);
  std::string_view address = parts.path;
  if (!address.starts_with('<') || !address.ends_with('>')) {
    return findings.add(Finding::no_brackets, arguments);
  }
  address = address.substr(1, address.size() - 2);
  if (address.starts_with('@')) address.remove_prefix(address.find(':') + 1);  // a source route
  if (!ascii_only(address) && !utf8) return findings.add(Finding::utf8_address, arguments);
  if (!valid_address(verb, address, utf8 ? Charset::utf8 : Charset::ascii)) {
    findings.add(Finding::bad_path, arguments);
  }
}

void judge_parameters(std::string_view arguments, smtp::ExtensionSet announced,
                      SessionFindings& findings) {
  std::string_view rest = path_parts(arguments).parameters;
  for (auto one = smtp::take_word(rest); !one.empty(); one = smtp::take_word(rest)) {
    const std::string_view name = one.substr(0, one.find('='));
    const auto* const spec =
        std::find_if(kParameterSpecs.begin(), kParameterSpecs.end(),
                     [name](const auto& row) { return smtp::same_keyword(row.name, name); });
    const bool known = spec != kParameterSpecs.end() && !(spec->extensions & announced).empty();
    if (!known) findings.add(Finding::not_announced, one, About::parameter);
  }
}

bool says_eight_bit(std::string_view arguments) {
  std::string_view rest = path_parts(arguments).parameters;
  for (auto one = smtp::take_word(rest); !one.empty(); one = smtp::take_word(rest)) {
    if (smtp::same_keyword(one, "BODY=8BITMIME")) return true;
  }
  return false;
}

bool is_command_elsewhere(std::string_view keyword) {
  return std::any_of(kElsewhere.begin(), kElsewhere.end(),
                     [keyword](std::string_view one) { return smtp::same_keyword(one, keyword); });
}

bool of_other_extension(Verb verb, smtp::ExtensionSet announced) {
  return std::any_of(kExtensionCommands.begin(), kExtensionCommands.end(), [&](const auto& row) {
    return row.first == verb && !announced.has(row.second);
  });
}

}  // namespace millrace::sink
