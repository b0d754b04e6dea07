#include "cli/sink_command_line.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/sink_extensions.h"
#include "cli/text_values.h"
#include "cli/tls_options.h"
#include "smtp/verb.h"

namespace millrace::cli {
namespace {

using Action = sink::Rule::Action;
using Protocol = smtp::ServerProfile::Protocol;
using smtp::Extension;

// What a delay or a limit is at least, where nothing would make no sense.
constexpr Duration kLeastTime{1};

constexpr int kLargestWindow = 1 << 30;

// What is said on the command line, before it is checked as a whole.
struct Draft {
  sink::SinkOptions options;
  EngineChoice engine;
  std::string endpoint;
  std::string backlog;
  bool lmtp = false;
  bool plain = false;
  OfferDraft offer;
  ServerTlsDraft tls;
  ReportOptions report;
};

void add_network(CommandLine& line, Draft& draft) {
  sink::SinkOptions& options = draft.options;
  OptionGroup group(line, "Network");
  add_address_family(group, "listen on", options.address_family);
  group.number<std::size_t>("-m,--max-sessions", "COUNT", "concurrency limit", 1,
                            "sessions at once; the rest wait",
                            [&](std::size_t count) { options.session_limit = count; });
  group.value("-T,--tcp-window", "BYTES", "cap the TCP window", [&](const std::string& text) {
    const std::uint64_t bytes = byte_count("TCP window size", text, "-T,--tcp-window");
    options.window = static_cast<int>(std::min<std::uint64_t>(bytes, kLargestWindow));
  });
  group.value("-t,--timeout", "TIME", "limit for receiving or sending (100)",
              [&](const std::string& text) {
                options.idle_limit = time_value("timeout", text, "-t,--timeout", kLeastTime);
              });
  group.each_value(
      "--proxy-from", "NETWORKS",
      "these begin with a PROXY header:\naddresses, address/prefix, or unix",
      [&](const std::string& list) { add_networks(list, "--proxy-from", options.proxies); });
  draft.engine.add_to(group);
}

void add_announcements(CommandLine& line, Draft& draft) {
  smtp::ServerProfile& profile = draft.options.profile;
  OptionGroup group(line, "What is announced");
  group.value("-h,--hostname", "NAME", "host name in greeting and replies",
              [&](const std::string& name) {
                profile.host_name = single_line("hostname", name, "-h,--hostname");
              });
  group.flag("-L,--lmtp", "speak LMTP, not SMTP", draft.lmtp);
  group.flag("-e,--no-esmtp", "no ESMTP: EHLO is unknown", draft.plain);
  group.flag("-P,--pix", "greet as a CISCO PIX did; implies -e", [&] {
    profile.hide_software = true;
    draft.plain = true;
  });
  const auto leave_out = [&](const char* names, const char* help, Extension extension) {
    group.flag(names, help, [&draft, extension] { draft.offer.withheld.add(extension); });
  };
  leave_out("-8,--no-8bitmime", "leave out 8BITMIME", Extension::eight_bit_mime);
  leave_out("-a,--no-auth", "leave out AUTH, still answer it", Extension::auth);
  leave_out("-C,--no-xclient", "leave out XCLIENT, do not know it", Extension::xclient);
  leave_out("-E,--no-enhanced-status-codes", "leave out ENHANCEDSTATUSCODES",
            Extension::enhanced_status_codes);
  leave_out("-F,--no-xforward", "leave out XFORWARD, do not know it", Extension::xforward);
  leave_out("-N,--no-dsn", "leave out DSN", Extension::dsn);
  leave_out("-p,--no-pipelining", "leave out PIPELINING", Extension::pipelining);
}

void add_misbehaviour(CommandLine& line, Draft& draft) {
  sink::SinkOptions& options = draft.options;
  OptionGroup group(line, "Misbehaviour (CMDS: names such as MAIL,RCPT,DATA,. or CONNECT)");
  const auto act = [&](const char* names, const char* help, Action action) {
    group.each_value(names, "CMDS", help, [=, &options, &draft](const std::string& list) {
      for (const smtp::Verb verb : verbs(list, names)) options.rules[verb].prefer(action);
      if (action == Action::hard_reject || action == Action::soft_reject) {
        draft.offer.refuses = true;
      }
    });
  };
  act("-f,--hard-reject", "reply 5xx to these; implies -p", Action::hard_reject);
  act("-r,--soft-reject", "reply 4xx to these; implies -p", Action::soft_reject);
  act("-q,--drop", "close without a reply on these", Action::drop);
  act("-Q,--disconnect", "reply 421 to these and close", Action::farewell);
  group.value("-B,--hard-reply", "TEXT", "the 5xx reply (500 5.3.0 Error: ...)",
              [&](const std::string& text) {
                options.rules.hard_reply =
                    smtp::given_reply(reply_line("hard error reply", text, '5', "-B,--hard-reply"));
              });
  group.value("-b,--soft-reply", "TEXT", "the 4xx reply (450 4.3.0 Error: ...)",
              [&](const std::string& text) {
                options.rules.soft_reply =
                    smtp::given_reply(reply_line("soft error reply", text, '4', "-b,--soft-reply"));
              });
  group.each_value("-W,--delay", "CMD:TIME[:ODDS]",
                   "wait before replying; with odds, 1-99,\na random multiple",
                   [&](const std::string& text) {
                     const auto [verb, delay] = command_delay(text);
                     options.rules[verb].delay = delay;
                   });
  group.value("-w,--data-delay", "TIME", "the same as -W data:TIME", [&](const std::string& text) {
    options.rules[smtp::Verb::data].delay = {
        .step = time_value("fixed delay", text, "-w,--data-delay", kLeastTime)};
  });
  group.value("-H,--content-delay", "TIME", "wait after the 354 before reading on",
              [&](const std::string& text) {
                options.content_delay =
                    time_value("data read delay", text, "-H,--content-delay", kLeastTime);
              });
  group.value("-A,--abort-content", "TIME", "after the 354: wait, reply 550, close",
              [&](const std::string& text) {
                options.abort_delay =
                    time_value("abort delay", text, "-A,--abort-content", Duration(0));
              });
}

void add_records(CommandLine& line, Draft& draft) {
  sink::SinkOptions& options = draft.options;
  OptionGroup group(line, "What is shown and kept");
  add_sink_report_options(group, draft.report);
  group.flag("-c,--counter", "running counters on standard output", options.show_counters);
  group.flag("-v,--verbose", "show the dialogue on standard error", options.verbose);
  group.each_value("-s,--syslog", "CMDS", "log these commands to syslog",
                   [&](const std::string& list) {
                     for (const smtp::Verb verb : verbs(list, "-s,--syslog")) {
                       options.rules[verb].log = true;
                     }
                   });
  const auto dump = [&](const char* names, const char* help, sink::CaptureOptions::Mode mode) {
    group.value(names, "TEMPLATE", help, [&options, mode](const std::string& name) {
      if (options.capture.mode != sink::CaptureOptions::Mode::off) {
        throw Fatal("use only one of -d or -D, but not both");
      }
      options.capture.mode = mode;
      options.capture.name_template = name;
    });
  };
  dump("-d,--dump-each", "a file a message, named by strftime(3)",
       sink::CaptureOptions::Mode::file_per_message);
  dump("-D,--dump-all", "one file for all, named by strftime(3)",
       sink::CaptureOptions::Mode::append);
  group.value("-S,--dump-start", "TEXT", "put before each dump; C escapes",
              [&](const std::string& text) { options.capture.start_string = unescape(text); });
}

void add_life(CommandLine& line, Draft& draft) {
  sink::SinkOptions& options = draft.options;
  OptionGroup group(line, "The program");
  group.number<std::uint64_t>("-M,--stop-after-messages", "COUNT", "message quit count", 1,
                              "end after so many messages",
                              [&](std::uint64_t count) { options.message_quota = count; });
  group.number<std::uint64_t>("-n,--stop-after-quits", "COUNT", "quit count", 1,
                              "end after so many QUITs",
                              [&](std::uint64_t count) { options.quit_quota = count; });
  group.value("-R,--chroot", "DIR", "make this the root directory",
              [&](const std::string& directory) { options.root_directory = directory; });
  group.value("-u,--run-as", "NAME", "become this user (as root: nobody)",
              [&](const std::string& user) { options.user = user; });
}

int backlog(const std::string& text) {
  if (text.empty()) return SOMAXCONN;
  const auto number = whole_number(text, 1, 1 << 30);
  if (!number) reject("backlog", text, "backlog", "expected a whole number, at least 1");
  return static_cast<int>(*number);
}

}  // namespace

SinkCommandLine parse_sink_command_line(int argc, const char* const* argv) {
  CommandLine line("Takes SMTP or LMTP messages from the network and throws them away.",
                   "smtp-sink");
  Draft draft;
  line.argument("endpoint", draft.endpoint, "[inet:][host]:port or unix:path");
  line.argument("backlog", draft.backlog, "queue of pending connections");
  add_network(line, draft);
  add_announcements(line, draft);
  add_extension_options(line, draft.options, draft.offer);
  add_tls_options(line, draft.tls, draft.offer.offered);
  add_misbehaviour(line, draft);
  add_records(line, draft);
  add_life(line, draft);
  line.parse(argc, argv);

  sink::SinkOptions options = draft.options;
  if (draft.endpoint.empty()) {
    throw Fatal(
        "missing endpoint: expected [inet:][host]:port or unix:path (see smtp-sink --help)");
  }
  options.endpoint = net::parse_local(draft.endpoint);
  options.backlog = backlog(draft.backlog);
  options.profile.protocol = draft.lmtp    ? Protocol::lmtp
                             : draft.plain ? Protocol::plain
                                           : Protocol::smtp;
  complete_offer(options, draft.offer);
  complete_tls(options, draft.tls);
  options.threads = draft.engine.resolved_threads();
  options.engine = draft.engine.resolved_engine();
  draft.report.check(options.show_counters);
  options.measure = draft.report.wanted();
  return {.sink = std::move(options), .report = std::move(draft.report)};
}

}  // namespace millrace::cli
