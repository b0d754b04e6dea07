#include "cli/source_command_line.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/other_tools.h"
#include "cli/source_extensions.h"
#include "cli/source_load.h"
#include "cli/text_values.h"
#include "cli/tls_options.h"
#include "mail/body.h"

namespace millrace::cli {
namespace {

constexpr int kLargestWindow = 65'535;

// What is said on the command line, before it is checked as a whole.
struct Draft {
  source::SourceOptions options;
  EngineChoice engine;
  std::string endpoint;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> message_file;
  std::optional<std::size_t> length;
  bool lmtp = false;
  bool old_mode = false;
  bool number_recipients = false;
  bool number_suffix = false;
  ExtensionDraft extensions;
  ClientTlsDraft tls;
  LoadDraft load;
  ReportOptions report;
};

void add_network(CommandLine& line, Draft& draft) {
  source::SourceOptions& options = draft.options;
  OptionGroup group(line, "Network");
  add_address_family(group, "connect with", options.address_family);
  group.number<unsigned>("-C,--connect-attempts", "COUNT", "connection count", 1,
                         "tries at each connection (1)",
                         [&](unsigned count) { options.connect_attempts = count; });
  group.value("-T,--tcp-window", "BYTES", "cap the TCP window", [&](const std::string& text) {
    options.window =
        static_cast<int>(byte_count("TCP window size", text, "-T,--tcp-window", kLargestWindow));
  });
  group.value("--reply-timeout", "TIME", "wait so long for each reply (300)",
              [&](const std::string& text) {
                options.reply_limit =
                    time_value("timeout", text, "--reply-timeout", std::chrono::milliseconds(1));
              });
  group.value("--bind", "ADDRESSES",
              "connect from these in turn: a list of\naddresses and ranges first-last",
              [&](const std::string& list) {
                const auto ranges = list_items(list, "--bind");
                options.bind_addresses.assign(ranges.begin(), ranges.end());
              });
  group.value("--bind-ports", "PORTS", "and from these ports: first-last",
              [&](const std::string& range) { options.bind_ports = range; });
  group.value("--proxy-protocol", "VERSION", "PROXY protocol, v1 or v2",
              [&](const std::string& version) {
                if (version != "v1" && version != "v2") {
                  reject("version", version, "--proxy-protocol", "expected v1 or v2");
                }
                options.proxy = version == "v1" ? net::ProxyVersion::v1 : net::ProxyVersion::v2;
              });
  group.value("--proxy-source", "ADDRESS", "the client it names; [gen] differs",
              [&](const std::string& address) {
                if (address != "[gen]" && !net::numeric_address(address, 0)) {
                  reject("address", address, "--proxy-source", "expected an address or [gen]");
                }
                options.proxy_source = address;
              });
  draft.engine.add_to(group);
}

void add_message(CommandLine& line, Draft& draft) {
  mail::MessageOptions& message = draft.options.message;
  OptionGroup group(line, "Envelope and message");
  group.flag("-L,--lmtp", "speak LMTP, not SMTP", draft.lmtp);
  group.value(
      "-M,--hostname", "NAME", "host name in HELO, addresses, Message-Id",
      [&](const std::string& name) { message.host_name = host_name(name, "-M,--hostname"); });
  group.value(
      "-f,--from", "ADDRESS", "sender, '' for none (foo@hostname)",
      [&](const std::string& text) { draft.from = single_line("sender", text, "-f,--from"); });
  group.value("-t,--to", "ADDRESS", "recipient (foo@hostname)", [&](const std::string& text) {
    draft.to = single_line("recipient", text, "-t,--to");
  });
  group.number<std::size_t>("-r,--recipients", "COUNT", "recipient count", 1,
                            "recipients a message (1)",
                            [&](std::size_t count) { message.recipients = count; });
  group.flag("-N,--number-recipients", "give each recipient a number of its own",
             draft.number_recipients);
  group.value("--recipient-number", "PLACE", "prefix or suffix: before the local\npart or after it",
              [&](const std::string& place) {
                if (place != "prefix" && place != "suffix") {
                  reject("place", place, "--recipient-number", "expected prefix or suffix");
                }
                draft.number_suffix = place == "suffix";
              });
  group.value("-l,--length", "BYTES", "payload of so many bytes", [&](const std::string& text) {
    draft.length = byte_count("message length", text, "-l,--length");
  });
  group.value("-F,--message-file", "FILE", "send this file, headers and all",
              [&](const std::string& path) { draft.message_file = path; });
  group.value("-S,--subject", "TEXT", "Subject header (none)", [&](const std::string& text) {
    message.subject = single_line("subject", text, "-S,--subject");
  });
  group.flag("-o,--old", "no HELO, no headers", draft.old_mode);
}

void add_display(CommandLine& line, Draft& draft) {
  OptionGroup group(line, "What is shown");
  group.flag("-c,--counter", "a running counter of messages", draft.options.show_counter);
  group.flag("-v,--verbose", "show the dialogue on standard error", draft.options.verbose);
}

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw Fatal(describe_error("open " + path, errno != 0 ? errno : EIO));
  return text;
}

std::string machine_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::uint64_t random_run() {
  std::random_device random;
  return (std::uint64_t{random()} << 16 ^ random()) & 0xffff'ffff'ffff;
}

mail::RecipientNumber recipient_number(const Draft& draft) {
  const bool several = draft.options.message.recipients > 1;
  if (draft.number_suffix && (several || draft.number_recipients)) {
    return mail::RecipientNumber::suffix;
  }
  if (draft.number_recipients) return mail::RecipientNumber::prefix;
  return several ? mail::RecipientNumber::count_down : mail::RecipientNumber::none;
}

std::string body(const Draft& draft) {
  if (draft.length) return mail::payload_body(*draft.length);
  if (!draft.message_file) return mail::default_body();
  std::string text = read_file(*draft.message_file);
  const bool binary = draft.options.plan.wanted.has(smtp::Extension::binary_mime);
  return binary ? text : mail::preformatted_body(text);
}

mail::MessageOptions complete_message(const Draft& draft) {
  mail::MessageOptions message = draft.options.message;
  if (message.host_name.empty()) message.host_name = machine_name();
  const bool utf8 = draft.options.plan.wanted.has(smtp::Extension::smtp_utf8);
  const std::string nobody_in_particular = (utf8 ? "f\u00f6\u00f6@" : "foo@") + message.host_name;
  message.reverse_path = draft.from.value_or(nobody_in_particular);
  message.forward_path = draft.to.value_or(nobody_in_particular);
  message.recipient_number = recipient_number(draft);
  message.headers = !draft.old_mode && !draft.message_file;
  message.date = mail_date(std::time(nullptr));
  message.run = random_run();
  message.body = body(draft);
  return message;
}

void check_together(const Draft& draft) {
  if (draft.endpoint.empty()) {
    throw Fatal(
        "missing endpoint: expected [inet:]host[:port] or unix:path (see smtp-source --help)");
  }
  if (draft.length && draft.message_file) throw Fatal("-l option cannot be used with -F");
  if (!draft.options.bind_ports.empty() && draft.options.bind_addresses.empty()) {
    throw Fatal("--bind-ports needs addresses (--bind)");
  }
  if (!draft.options.proxy_source.empty() && !draft.options.proxy) {
    throw Fatal("--proxy-source needs --proxy-protocol");
  }
}

}  // namespace

SourceCommandLine parse_source_command_line(int argc, const char* const* argv) {
  CommandLine line("Pours SMTP or LMTP messages into a server.", "smtp-source");
  Draft draft;
  line.argument("endpoint", draft.endpoint, "[inet:]host[:port] or unix:path");
  add_network(line, draft);
  add_load_options(line, draft.options, draft.load);
  add_message(line, draft);
  add_extension_options(line, draft.options, draft.extensions);
  add_tls_options(line, draft.tls, draft.options.plan);
  add_report_options(line, draft.report);
  add_display(line, draft);
  const OtherTools others = look_for_other_tools({argv + 1, argv + argc});
  if (!others.error.empty()) throw Fatal(others.error + " (see smtp-source --help)");
  line.parse(argc, argv);
  for (const std::string& warning : others.warnings) warn(warning);
  check_together(draft);

  source::SourceOptions options = draft.options;
  options.endpoint = net::parse_remote(draft.endpoint, "25");
  options.message = complete_message(draft);
  complete_tls(options, draft.tls);
  complete_plan(options, draft.extensions, draft.lmtp, draft.old_mode);
  complete_load(options, draft.load);
  ReportOptions report = draft.report;
  if (draft.load.modelled(options)) report.imply_summary();
  report.check(options.show_counter);
  options.measure = report.wanted() || options.on_trouble == source::OnTrouble::count;
  // What else is shown on the way leaves no room for it.
  if (options.verbose || options.show_counter) {
    report.progress = report.progress.value_or(ReportOptions::Progress::off);
  }
  options.threads = std::min(draft.engine.resolved_threads(), options.sessions);
  options.engine = draft.engine.resolved_engine();
  return {.source = std::move(options), .report = std::move(report)};
}

}  // namespace millrace::cli
