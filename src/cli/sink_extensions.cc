#include "cli/sink_extensions.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "cli/command_line.h"
#include "cli/text_values.h"
#include "sasl/mechanisms.h"

namespace millrace::cli {
namespace {

using smtp::Extension;
using smtp::ExtensionSet;

// What a dump takes of a message besides what --max-size allows: recipients and content could
// come for ever.
constexpr std::uint64_t kDumpLimit = std::uint64_t{1} << 30;

// Extensions by their keywords, separated by commas or white space, in any case.
ExtensionSet extensions(std::string_view list, std::string_view names) {
  ExtensionSet found;
  for (const std::string_view name : list_words(list, names)) {
    const auto extension = smtp::find_extension(name);
    if (!extension) {
      throw Fatal(fmt::format("unknown extension: {} (expected one of {})", beginning(name),
                              fmt::join(smtp::kExtensionKeywords, ", ")));
    }
    found.add(*extension);
  }
  return found;
}

void add_offer(CommandLine& line, sink::SinkOptions& options, OfferDraft& draft) {
  smtp::ServerProfile& profile = options.profile;
  OptionGroup group(line, "Extensions (LIST: keywords of EHLO such as CHUNKING,STARTTLS)");
  group.flag("--modern", "offer and do all that is known", draft.modern);
  group.each_value("--offer", "LIST", "announce these as well", [&draft](const std::string& list) {
    draft.offered = draft.offered | extensions(list, "--offer");
  });
  group.each_value("--withhold", "LIST", "do not announce these",
                   [&draft](const std::string& list) {
                     draft.withheld = draft.withheld | extensions(list, "--withhold");
                   });
  group.flag("--authenticate", "carry out AUTH, let everybody in", draft.authenticate);
  group.value("--auth-users", "FILE", "the same, only these: user,password a line",
              [&](const std::string& path) {
                draft.authenticate = true;
                options.users = sasl::UserTable(sasl::read_users(path));
              });
  group.flag("--obey-xclient", "XCLIENT takes effect", profile.xclient_takes_effect);
  group.each_value("--xclient-from", "NETWORKS",
                   "the same, from these only\n(127.0.0.0/8,::1,unix)",
                   [&](const std::string& list) {
                     profile.xclient_takes_effect = true;
                     add_networks(list, "--xclient-from", options.xclient_from);
                   });
}

void add_limits(CommandLine& line, sink::SinkOptions& options, OfferDraft& draft) {
  smtp::ServerLimits& limits = options.profile.limits;
  OptionGroup group(line, "Limits (none, but for recipients and dumps, unless given)");
  group.value("--max-size", "BYTES", "of a message; announced as SIZE",
              [&limits](const std::string& text) {
                limits.message_size = byte_count("message size", text, "--max-size");
              });
  group.value("--max-line-length", "BYTES", "of a line of text",
              [&limits](const std::string& text) {
                limits.text_line = byte_count("line length", text, "--max-line-length");
              });
  group.value("--max-dump-size", "BYTES", "of a message in a dump\n(1G on top of --max-size)",
              [&draft](const std::string& text) {
                draft.dump_limit = byte_count("dump size", text, "--max-dump-size");
              });
  group.number<std::size_t>("--max-recipients", "COUNT", "limit", 0,
                            "a message; announced as LIMITS\n(50000; 0: none)",
                            [&](std::size_t most) {
                              limits.recipients = most;
                              draft.limits = true;
                            });
  group.number<std::size_t>("--max-messages-per-session", "COUNT", "limit", 1,
                            "a session; announced as LIMITS", [&](std::size_t most) {
                              limits.transactions = most;
                              draft.limits = true;
                            });
  const auto count = [&group](const char* names, const char* help, std::size_t& limit) {
    group.number<std::size_t>(names, "COUNT", "limit", 1, help,
                              [&limit](std::size_t most) { limit = most; });
  };
  count("--max-commands", "a session", limits.commands);
  count("--max-errors", "a session", limits.errors);
  group.value("--max-session-time", "TIME", "a session", [&options](const std::string& text) {
    options.session_time_limit =
        time_value("session time", text, "--max-session-time", Duration(1));
  });
}

}  // namespace

void add_extension_options(CommandLine& line, sink::SinkOptions& options, OfferDraft& draft) {
  add_offer(line, options, draft);
  add_limits(line, options, draft);
}

void complete_offer(sink::SinkOptions& options, const OfferDraft& draft) {
  smtp::ServerProfile& profile = options.profile;
  const smtp::ServerLimits& limits = profile.limits;
  ExtensionSet offered = profile.offered | draft.offered;
  if (limits.message_size > 0) offered.add(Extension::size);
  if (draft.modern) {
    offered = smtp::all_extensions();
    profile.xclient_takes_effect = true;
  }
  if (draft.modern || draft.authenticate) {
    offered.add(Extension::auth);
    profile.authenticates = true;
    profile.auth_mechanisms = options.users.everybody() ? sasl::kOpenMechanisms : sasl::kMechanisms;
  }
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  options.capture.largest =
      draft.dump_limit.value_or(std::min(limits.message_size, kMost - kDumpLimit) + kDumpLimit);
  if (draft.limits) offered.add(Extension::limits);
  // LIMITS says nothing where there are none (RFC 9422, 4).
  if (limits.recipients == 0 && limits.transactions == 0) offered.remove(Extension::limits);
  // As Postfix's program does, unless pipelining is asked for: refusing and pipelining go together.
  if (draft.refuses && !draft.modern && !draft.offered.has(Extension::pipelining)) {
    offered.remove(Extension::pipelining);
  }
  if (profile.xclient_takes_effect) {
    if (options.xclient_from.empty()) {
      add_networks("127.0.0.0/8,::1,unix", "--xclient-from", options.xclient_from);
    }
    profile.xclient_attributes = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
  }
  profile.offered = offered - draft.withheld;
}

}  // namespace millrace::cli
