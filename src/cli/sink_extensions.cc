#include "cli/sink_extensions.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "cli/sink_arguments.h"
#include "cli/text_values.h"
#include "sasl/mechanisms.h"
#include "sasl/users.h"

namespace millrace::cli {
namespace {

using smtp::Extension;
using smtp::ExtensionSet;

// What a dump takes of a message besides what --max-size allows: recipients and content could
// come for ever.
constexpr std::uint64_t kDumpLimit = std::uint64_t{1} << 30;

// Who is believed where XCLIENT takes effect and nobody is named.
constexpr const char* kBelieved = "127.0.0.0/8,::1,unix";

// Extensions by their keywords, separated by commas or white space, in any case.
std::vector<Extension> read_extensions(const std::string& list, std::string_view names) {
  std::vector<Extension> found;
  for (const std::string& name : list_words(list, names)) {
    const auto extension = smtp::find_extension(name);
    if (!extension) {
      throw Fatal(fmt::format("unknown extension: {} (expected one of {})", beginning(name),
                              fmt::join(smtp::kExtensionKeywords, ", ")));
    }
    found.push_back(*extension);
  }
  return found;
}

ExtensionSet set_of(const std::vector<Extension>& extensions) {
  ExtensionSet set;
  for (const Extension extension : extensions) set.add(extension);
  return set;
}

void add_offer(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Extensions (LIST: keywords of EHLO such as CHUNKING,STARTTLS)");
  group.flag("--modern", "offer and do all that is known", given.modern);
  group.each_list("--offer", "LIST", "announce these as well", given.offer, read_extensions);
  group.each_list("--withhold", "LIST", "do not announce these", given.withhold, read_extensions);
  group.flag("--authenticate", "carry out AUTH, let everybody in", given.authenticate);
  group.value("--auth-users", "FILE", "the same, only these: user,password a line",
              given.auth_users);
  group.flag("--obey-xclient", "XCLIENT takes effect", given.obey_xclient);
  group.each_list("--xclient-from", "NETWORKS", "the same, from these only\n(127.0.0.0/8,::1,unix)",
                  given.xclient_from, networks);
}

void add_limits(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Limits (none, but for recipients and dumps, unless given)");
  group.value("--max-size", "BYTES", "of a message; announced as SIZE", given.max_size,
              byte_count("message size"));
  group.value("--max-line-length", "BYTES", "of a line of text", given.max_line_length,
              byte_count("line length"));
  group.value("--max-dump-size", "BYTES",
              "of a message in a dump or a store\n(1G on top of --max-size)", given.max_dump_size,
              byte_count("dump size"));
  group.value("--max-recipients", "COUNT", "a message; announced as LIMITS\n(50000; 0: none)",
              given.max_recipients, number<std::size_t>("limit", 0));
  group.value("--max-messages-per-session", "COUNT", "a session; announced as LIMITS",
              given.max_messages_per_session, number<std::size_t>("limit", 1));
  group.value("--max-commands", "COUNT", "a session", given.max_commands,
              number<std::size_t>("limit", 1));
  group.value("--max-errors", "COUNT", "a session", given.max_errors,
              number<std::size_t>("limit", 1));
  group.value("--max-session-time", "TIME", "a session", given.max_session_time,
              time_value("session time", Duration(1)));
}

void build_limits(const SinkArguments& given, sink::SinkOptions& options,
                  smtp::ServerLimits& limits) {
  put(limits.message_size, given.max_size);
  put(limits.text_line, given.max_line_length);
  put(limits.recipients, given.max_recipients);
  put(limits.transactions, given.max_messages_per_session);
  put(limits.commands, given.max_commands);
  put(limits.errors, given.max_errors);
  options.session_time_limit = given.max_session_time;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  options.capture.largest =
      given.max_dump_size.value_or(std::min(limits.message_size, kMost - kDumpLimit) + kDumpLimit);
  options.stores.largest = options.capture.largest;
}

}  // namespace

ExtensionSet SinkArguments::extensions(const ListenerArgument& of) const {
  const ExtensionSet asked_for = set_of(offer);
  ExtensionSet offered = smtp::ServerProfile().offered | asked_for;
  if (starttls || of.starttls) offered.add(Extension::starttls);
  if (max_size) offered.add(Extension::size);
  if (modern) offered = smtp::all_extensions();
  if (authenticates()) offered.add(Extension::auth);
  if (max_recipients || max_messages_per_session) offered.add(Extension::limits);
  // LIMITS says nothing where there are none (RFC 9422, 4).
  if (max_recipients == 0 && !max_messages_per_session) offered.remove(Extension::limits);
  // As Postfix's program does, unless pipelining is asked for: refusing and pipelining go together.
  const bool refuses = !hard_reject.empty() || !soft_reject.empty();
  if (refuses && !modern && !asked_for.has(Extension::pipelining)) {
    offered.remove(Extension::pipelining);
  }
  // Nobody turns to TLS twice.
  if (tls || of.tls) offered.remove(Extension::starttls);
  return offered - set_of(withhold);
}

void add_extension_options(CommandLine& line, SinkArguments& given) {
  add_offer(line, given);
  add_limits(line, given);
}

void build_offer(const SinkArguments& given, sink::SinkOptions& options,
                 smtp::ServerProfile& common) {
  build_limits(given, options, common.limits);
  if (given.auth_users) options.users = sasl::UserTable(sasl::read_users(*given.auth_users));
  if (given.authenticates()) {
    common.authenticates = true;
    common.auth_mechanisms = options.users.everybody() ? sasl::kOpenMechanisms : sasl::kMechanisms;
  }
  if (given.believes_xclient()) {
    common.xclient_takes_effect = true;
    common.xclient_attributes = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
    options.xclient_from = given.xclient_from;
    if (options.xclient_from.empty()) {
      options.xclient_from = networks(kBelieved, "--xclient-from");
    }
  }
}

}  // namespace millrace::cli
