#include "cli/source_command_line.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "base/input_file.h"
#include "base/ready.h"
#include "base/roll.h"
#include "cli/command_line.h"
#include "cli/other_tools.h"
#include "cli/source_arguments.h"
#include "cli/source_capacity.h"
#include "cli/source_clients.h"
#include "cli/source_extensions.h"
#include "cli/source_part.h"
#include "cli/source_stamps.h"
#include "cli/source_traffic.h"
#include "cli/text_values.h"
#include "mail/body.h"
#include "net/address_pool.h"
#include "smtp/keyword.h"

namespace millrace::cli {
namespace {

constexpr std::uint64_t kLargestWindow = 65'535;

std::string proxy_source(const std::string& address, std::string_view names) {
  if (address != "[gen]" && !net::numeric_address(address, 0)) {
    reject("address", address, names, "expected an address or [gen]");
  }
  return address;
}

void add_network(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Network");
  add_address_family(group, "connect with", given);
  group.value("-C,--connect-attempts", "COUNT", "tries at each connection (1)",
              given.connect_attempts, number<unsigned>("connection count", 1));
  group.value("-T,--tcp-window", "BYTES", "cap the TCP window", given.tcp_window,
              byte_count("TCP window size", kLargestWindow));
  group.value("--reply-timeout", "TIME", "wait so long for each reply (300)", given.reply_timeout,
              time_value("timeout", std::chrono::milliseconds(1)));
  group.value("--bind", "ADDRESSES",
              "connect from these in turn: a list of\naddresses and ranges first-last", given.bind,
              list_items);
  group.value("--bind-ports", "PORTS", "and from these ports: first-last", given.bind_ports,
              some_text);
  using Version = net::ProxyVersion;
  group.value("--proxy-protocol", "VERSION", "PROXY protocol, v1 or v2", given.proxy_protocol,
              one_of<Version>("version", {{"v1", Version::v1}, {"v2", Version::v2}}));
  group.value("--proxy-source", "ADDRESS", "the client it names; [gen] differs", given.proxy_source,
              proxy_source);
  add_engine(group, given);
}

void add_message(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Envelope and message");
  group.flag("-L,--lmtp", "speak LMTP, not SMTP", given.lmtp);
  group.value("-M,--hostname", "NAME", "host name in HELO, addresses, Message-Id", given.hostname,
              host_name);
  group.value("-f,--from", "ADDRESS", "sender, '' for none (foo@hostname)", given.from,
              single_line("sender"));
  group.value("-t,--to", "ADDRESS", "recipient (foo@hostname)", given.to, single_line("recipient"));
  group.value("-r", "COUNT", "recipients a message (1)", given.recipients,
              number<std::size_t>("recipient count", 1));
  group.flag("-N,--number-recipients", "give each recipient a number of its own",
             given.number_recipients);
  using Number = mail::RecipientNumber;
  group.value("--recipient-number", "PLACE", "prefix or suffix: before the local\npart or after it",
              given.recipient_number,
              one_of<Number>("place", {{"prefix", Number::prefix}, {"suffix", Number::suffix}}));
  group.value("-l,--length", "BYTES", "payload of so many bytes", given.length,
              byte_count("message length"));
  group.value("-F,--message-file", "FILE", "send this file, headers and all", given.message_file);
  group.value("-S,--subject", "TEXT", "Subject header (none)", given.subject,
              single_line("subject"));
  group.flag("-o,--old", "no HELO, no headers", given.old);
}

void add_display(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "What is shown");
  group.flag("-c,--counter", "a running counter of messages", given.counter);
  group.flag("-v,--verbose", "show the dialogue on standard error", given.verbose);
}

void build_network(const SourceArguments& given, source::SourceOptions& options) {
  if (!given.endpoint.empty()) options.endpoint = net::parse_remote(given.endpoint, "25");
  options.address_family = given.address_family();
  if (given.tcp_window) options.window = static_cast<int>(*given.tcp_window);
  put(options.bind_addresses, given.bind);
  put(options.bind_ports, given.bind_ports);
  options.proxy = given.proxy_protocol;
  put(options.proxy_source, given.proxy_source);
  put(options.connect_attempts, given.connect_attempts);
  put(options.reply_limit, given.reply_timeout);
}

mail::RecipientNumber recipient_number(const SourceArguments& given) {
  using Number = mail::RecipientNumber;
  const bool several = given.recipient_count().value_or(1) > 1;
  if (given.recipient_number == Number::suffix && (several || given.number_recipients)) {
    return Number::suffix;
  }
  if (given.number_recipients) return Number::prefix;
  return several ? Number::count_down : Number::none;
}

std::string body(const SourceArguments& given) {
  if (given.length) return mail::payload_body(*given.length);
  if (!given.message_file) return mail::default_body();
  std::string text = read_file(*given.message_file);
  const bool binary = given.extensions().has(smtp::Extension::binary_mime);
  return binary ? text : mail::preformatted_body(text);
}

void build_message(const SourceArguments& given, const Surroundings& surroundings,
                   mail::MessageOptions& message) {
  message.host_name = given.hostname.value_or(surroundings.host_name);
  const std::string nobody_in_particular =
      (given.smtputf8 ? "f\u00f6\u00f6@" : "foo@") + message.host_name;
  message.reverse_path = given.from.value_or(nobody_in_particular);
  message.forward_path = given.to.value_or(nobody_in_particular);
  put(message.recipients, given.recipient_count());
  message.recipient_number = recipient_number(given);
  message.headers = !given.old && !given.message_file;
  put(message.subject, given.subject);
  message.date = mail_date(surroundings.now);
  message.run = surroundings.run;
  message.body = body(given);
  build_parameters(given, message);
}

ReportOptions build_report(const SourceArguments& given, const source::SourceOptions& options) {
  ReportOptions report = given.report;
  report.journal = given.stamp.value_or("");
  const bool told = given.modelled() || given.follows() || !options.clients.empty();
  if (told) report.imply_summary();
  report.check(given.counter);
  // What else is shown on the way leaves no room for it.
  if (given.verbose || given.counter) {
    report.progress = report.progress.value_or(ReportOptions::Progress::off);
  }
  return report;
}

std::optional<source::LogTarget> log(const std::string& path) {
  if (path.empty()) return std::nullopt;
  constexpr std::string_view kCsv = ".csv";
  const std::string_view end =
      std::string_view(path).substr(path.size() - std::min(path.size(), kCsv.size()));
  const bool csv = smtp::same_keyword(end, kCsv);
  return source::LogTarget{.path = path,
                           .form = csv ? source::LogForm::csv : source::LogForm::json};
}

}  // namespace

Surroundings Surroundings::here() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return {
      .host_name = name.data(), .now = std::time(nullptr), .run = random_seed() & 0xffff'ffff'ffff};
}

void add_source_options(CommandLine& line, SourceArguments& given) {
  line.argument("endpoint", given.endpoint, "[inet:]host[:port] or unix:path");
  add_network(line, given);
  add_load_options(line, given);
  add_capacity_options(line, given);
  add_part_options(line, given);
  add_message(line, given);
  add_traffic_options(line, given);
  add_client_options(line, given);
  add_extension_options(line, given);
  add_tls_options(line, given);
  add_report_options(line, given.report);
  add_stamp_options(line, given);
  add_display(line, given);
}

SourceArguments read_source_arguments(int argc, const char* const* argv,
                                      const std::string& program) {
  const OtherTools others = look_for_other_tools({argv + 1, argv + argc});
  if (!others.error.empty()) throw Fatal(others.error + " (see " + program + " --help)");
  CommandLine line("Pours SMTP or LMTP messages into a server.", program);
  SourceArguments given;
  add_source_options(line, given);
  line.parse(argc, argv);
  for (const std::string& warning : others.warnings) warn(warning);
  if (given.auth_password) {
    warn("--auth-password shows it to everybody on this machine: better --auth-password-file");
  }
  return given;
}

SourceCommandLine build_source(const SourceArguments& given, const Surroundings& surroundings) {
  if (given.endpoint.empty() && !given.show) {
    throw Fatal(
        "missing endpoint: expected [inet:]host[:port] or unix:path (see smtp-source --help)");
  }
  check_exclusions<SourceArguments>(given, kSourceExclusions);
  check_needs<SourceArguments>(given, kSourceNeeds);
  source::SourceOptions options;
  build_network(given, options);
  const auto variable = [](const char* name) { return std::getenv(name); };
  if (given.part) options.part = part_of(*given.part, variable);
  put(options.part, given.rank);
  options.start_at = start_of(given, surroundings);
  build_message(given, of_whole_run(given, surroundings), options.message);
  build_tls(given, options);
  build_plan(given, options);
  build_load(given, options);
  build_stamps(given, options);
  build_arrivals(given, options);
  build_clients(given, build_traffic(given, options), options);
  std::optional<CapacityOrder> capacity = build_capacity(given);
  check_part(options, given.rank.has_value());
  ReportOptions report = build_report(given, options);
  // What is reported is the run of the level that was found, which is to hold them too.
  if (capacity) {
    report.thresholds.insert(report.thresholds.begin(), capacity->objective.begin(),
                             capacity->objective.end());
  }
  options.measure = report.wanted() || given.follows() || options.load.abort_share ||
                    options.on_trouble == source::OnTrouble::count;
  options.log = log(report.log);
  options.show_counter = given.counter;
  options.verbose = given.verbose;
  options.threads = std::min(given.resolved_threads(), options.own_sessions());
  options.engine = given.resolved_engine();
  return {.source = std::move(options),
          .report = std::move(report),
          .show = given.show,
          .capacity = std::move(capacity)};
}

SourceCommandLine parse_source_command_line(int argc, const char* const* argv) {
  return build_source(read_source_arguments(argc, argv), Surroundings::here());
}

void tell_wait(const SourceCommandLine& line) {
  const auto& start = line.source.start_at;
  if (!start || line.report.progress == ReportOptions::Progress::off) return;
  const std::string text = waiting_text(*start, std::chrono::system_clock::now());
  if (!text.empty() && ready_for_output(STDERR_FILENO)) inform(text);
}

}  // namespace millrace::cli
