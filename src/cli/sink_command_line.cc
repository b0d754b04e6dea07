#include "cli/sink_command_line.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "cli/command_line.h"
#include "cli/http_options.h"
#include "cli/listener_options.h"
#include "cli/sink_arguments.h"
#include "cli/sink_extensions.h"
#include "cli/store_option.h"
#include "cli/text_values.h"
#include "smtp/verb.h"

namespace millrace::cli {
namespace {

using Action = sink::rules::CommandOption::Action;
using Protocol = smtp::ServerProfile::Protocol;
using smtp::Extension;

constexpr std::uint64_t kLargestReceiveBuffer = 1 << 30;

// Options that leave out an extension, as --withhold does.
struct LeftOut {
  const char* names;
  const char* help;
  Extension extension;
};

constexpr LeftOut kLeftOut[] = {
    {"-8,--no-8bitmime", "leave out 8BITMIME", Extension::eight_bit_mime},
    {"-a,--no-auth", "leave out AUTH, still answer it", Extension::auth},
    {"-C,--no-xclient", "leave out XCLIENT, do not know it", Extension::xclient},
    {"-E,--no-enhanced-status-codes", "leave out ENHANCEDSTATUSCODES",
     Extension::enhanced_status_codes},
    {"-F,--no-xforward", "leave out XFORWARD, do not know it", Extension::xforward},
    {"-N,--no-dsn", "leave out DSN", Extension::dsn},
    {"-p,--no-pipelining", "leave out PIPELINING", Extension::pipelining},
};

CommandDelay data_delay(const std::string& text, std::string_view names) {
  return {smtp::Verb::data, sink::rules::fixed(time_value("fixed delay", kLeastTime)(text, names))};
}

void add_network(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Network");
  add_address_family(group, "listen on", given);
  group.each("--listen", "ENDPOINT",
             "listen here as well; before it tls+, starttls+,\nlmtp+, proxy+; behind it ,name=NAME",
             given.listen, read_listener);
  group.value("-m,--max-sessions", "COUNT", "sessions at once; the rest wait", given.max_sessions,
              number<std::size_t>("concurrency limit", 1));
  group.value("-T,--tcp-window", "BYTES", "cap the TCP window", given.tcp_window,
              byte_count("TCP window size"));
  group.value("-t,--timeout", "TIME", "limit for receiving or sending (100)", given.timeout,
              time_value("timeout", kLeastTime));
  group.each_list("--proxy-from", "NETWORKS",
                  "these begin with a PROXY header:\naddresses, address/prefix, or unix",
                  given.proxy_from, networks);
  add_engine(group, given);
}

void add_announcements(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "What is announced");
  group.value("-h,--hostname", "NAME", "host name in greeting and replies", given.hostname,
              single_line("hostname"));
  group.flag("-L,--lmtp", "speak LMTP, not SMTP", given.lmtp);
  group.flag("-e,--no-esmtp", "no ESMTP: EHLO is unknown", given.no_esmtp);
  group.flag("-P,--pix", "greet as a CISCO PIX did; implies -e", given.pix);
  for (const auto& [names, help, extension] : kLeftOut) {
    group.flag(names, help, given.withhold, extension);
  }
}

void add_misbehaviour(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Misbehaviour (CMDS: names such as MAIL,RCPT,DATA,. or CONNECT)");
  group.each_list("-f,--hard-reject", "CMDS", "reply 5xx to these; implies -p", given.hard_reject,
                  verbs);
  group.each_list("-r,--soft-reject", "CMDS", "reply 4xx to these; implies -p", given.soft_reject,
                  verbs);
  group.each_list("-q,--drop", "CMDS", "close without a reply on these", given.drop, verbs);
  group.each_list("-Q,--disconnect", "CMDS", "reply 421 to these and close", given.disconnect,
                  verbs);
  group.value("-B,--hard-reply", "TEXT", "the 5xx reply (500 5.3.0 Error: ...)", given.hard_reply,
              reply_line("hard error reply", '5'));
  group.value("-b,--soft-reply", "TEXT", "the 4xx reply (450 4.3.0 Error: ...)", given.soft_reply,
              reply_line("soft error reply", '4'));
  group.each("-W,--delay", "CMD:TIME[:ODDS]",
             "wait before replying; with odds, 1-99,\na random multiple", given.delay,
             command_delay);
  group.each("-w,--data-delay", "TIME", "the same as -W data:TIME", given.delay, data_delay);
  group.value("-H,--content-delay", "TIME", "wait before content is read", given.content_delay,
              time_value("data read delay", kLeastTime));
  group.value("-A,--abort-content", "TIME", "instead of content: wait, reply 550, close",
              given.abort_content, time_value("abort delay", Duration(0)));
}

void add_rules(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Rules (millrace-rules(5)); they come before misbehaviour");
  group.each("--rules", "FILE", "read rules from this file; SIGHUP reads again", given.rules,
             some_text);
  group.flag("--check-rules", "tell what is wrong with them, and end", given.check_rules);
  group.value("--seed", "NUMBER", "make their dice repeatable", given.seed,
              number<std::uint64_t>("seed", 0));
}

void add_answers(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Answers that come later");
  group.value("--answer-through", "ENDPOINT",
              "send the bounces, complaints and replies that\nrules ask for to this server only",
              given.answer_through, some_text);
  group.value("--answer-rate", "RATE", "at most so many: 500/s, 3000/m, 100/h", given.answer_rate,
              message_rate);
}

void add_records(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "What is shown and kept");
  add_sink_report_options(group, given.report);
  group.flag("-c,--counter", "running counters on standard output", given.counter);
  group.flag("-v,--verbose", "show the dialogue on standard error", given.verbose);
  group.each_list("-s,--syslog", "CMDS", "log these commands to syslog", given.syslog, verbs);
  group.value("-d,--dump-each", "TEMPLATE", "a file a message, named by strftime(3)",
              given.dump_each);
  group.value("-D,--dump-all", "TEMPLATE", "one file for all, named by strftime(3)",
              given.dump_all);
  group.value("-S,--dump-start", "TEXT", "put before each dump; C escapes", given.dump_start);
  group.each(
      "--store", "FORM:PATH",
      "keep what is taken: maildir:DIR, mbox:FILE, eml:DIR,\njsonl:FILE, jsonl+message:FILE, or "
      "for HTTP memory:N",
      given.store, read_store);
  group.flag("--store-sync", "on the disk before the reply, not only in the file",
             given.store_sync);
}

void add_proof(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Nothing lost, proven");
  group.value("--verify", "FILE",
              "check stamps and contents; FILE is the journal of what\nwas taken", given.verify,
              journal_file);
  group.value("--stamp-key", "FILE", "believe stamps that are made with this key only",
              given.stamp_key, some_text);
  group.flag("--journal-sync", "on the disk before the reply, not only in the file",
             given.journal_sync);
}

sink::LintMode lint_mode(const std::string& text, std::string_view names) {
  if (text.empty()) return sink::LintMode::count;
  return one_of<sink::LintMode>("lint", {{"strict", sink::LintMode::strict}})(text, names);
}

void add_lint(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "Clients judged");
  group.flag_or_word("--lint",
                     "count what clients do against the RFCs;\n--lint=strict refuses it as well",
                     given.lint, [](const std::string& text, std::string_view names) {
                       return std::optional(lint_mode(text, names));
                     });
}

void add_life(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "The program");
  group.value("-M,--stop-after-messages", "COUNT", "end after so many messages",
              given.stop_after_messages, number<std::uint64_t>("message quit count", 1));
  group.value("-n,--stop-after-quits", "COUNT", "end after so many QUITs", given.stop_after_quits,
              number<std::uint64_t>("quit count", 1));
  group.value("--stop-when-idle", "TIME", "end when nobody has been connected for so long",
              given.stop_when_idle, time_value("idle time", kLeastTime));
  group.value("-R,--chroot", "DIR", "make this the root directory", given.chroot);
  group.value("-u,--run-as", "NAME", "become this user (as root: nobody)", given.run_as);
}

int backlog(const std::string& text) {
  if (text.empty()) return SOMAXCONN;
  const auto number = whole_number(text, 1, 1 << 30);
  if (!number) reject("backlog", text, "backlog", "expected a whole number, at least 1");
  return static_cast<int>(*number);
}

void build_network(const SinkArguments& given, sink::SinkOptions& options) {
  options.address_family = given.address_family();
  options.backlog = backlog(given.backlog);
  if (given.tcp_window) {
    options.window = static_cast<int>(std::min(*given.tcp_window, kLargestReceiveBuffer));
  }
  options.proxies = given.proxy_from;
  put(options.idle_limit, given.timeout);
  options.session_limit = given.max_sessions;
}

void build_announcements(const SinkArguments& given, smtp::ServerProfile& common) {
  put(common.host_name, given.hostname);
  common.protocol = given.lmtp                    ? Protocol::lmtp
                    : given.no_esmtp || given.pix ? Protocol::plain
                                                  : Protocol::smtp;
  common.hide_software = given.pix;
}

void build_rules(const SinkArguments& given, sink::SinkOptions& options) {
  options.rule_files = given.rules;
  options.seed = given.seed;
  sink::rules::CommandOptions& rules = options.commands;
  const auto act = [&](const std::vector<smtp::Verb>& verbs, Action action) {
    for (const smtp::Verb verb : verbs) rules[verb].prefer(action);
  };
  act(given.hard_reject, Action::hard_reject);
  act(given.soft_reject, Action::soft_reject);
  act(given.drop, Action::drop);
  act(given.disconnect, Action::farewell);
  put(rules.hard_reply, given.hard_reply);
  put(rules.soft_reply, given.soft_reply);
  for (const auto& [verb, delay] : given.delay) rules[verb].delay = delay;
  rules.content_delay = given.content_delay;
  rules.abort_delay = given.abort_content;
  for (const smtp::Verb verb : given.syslog) options.logged.set(smtp::index(verb));
}

void build_answers(const SinkArguments& given, sink::SinkOptions& options) {
  if (!given.answer_through) return;
  options.answers = {.endpoint = net::parse_remote(*given.answer_through, "25"),
                     .rate = given.answer_rate};
}

void build_verify(const SinkArguments& given, sink::SinkOptions& options) {
  if (!given.verify) return;
  options.verify = {.journal = *given.verify,
                    .sync = given.journal_sync ? proof::Sync::block : proof::Sync::none};
  if (given.stamp_key) options.verify->key = proof::StampKey::from_file(*given.stamp_key);
}

// All endpoints.
std::string places(const std::vector<sink::Listener>& listeners) {
  std::string text;
  for (const sink::Listener& listener : listeners) {
    if (!text.empty()) text += ", ";
    text += net::describe(listener.endpoint);
  }
  return text;
}

void build_capture(const SinkArguments& given, sink::CaptureOptions& capture) {
  using Mode = sink::CaptureOptions::Mode;
  if (given.dump_each) capture.mode = Mode::file_per_message;
  if (given.dump_all) capture.mode = Mode::append;
  put(capture.name_template, given.dump_each);
  put(capture.name_template, given.dump_all);
  if (given.dump_start) capture.start_string = unescape(*given.dump_start);
}

}  // namespace

void add_sink_options(CommandLine& line, SinkArguments& given) {
  line.argument("endpoint", given.endpoint, "[inet:][host]:port or unix:path");
  line.argument("backlog", given.backlog, "queue of pending connections");
  add_network(line, given);
  add_announcements(line, given);
  add_extension_options(line, given);
  add_tls_options(line, given);
  add_misbehaviour(line, given);
  add_rules(line, given);
  add_answers(line, given);
  add_records(line, given);
  add_proof(line, given);
  add_lint(line, given);
  add_http_options(line, given);
  add_life(line, given);
}

SinkArguments read_sink_arguments(int argc, const char* const* argv, const std::string& program) {
  CommandLine line("Takes SMTP or LMTP messages from the network and throws them away.", program);
  SinkArguments given;
  add_sink_options(line, given);
  line.parse(argc, argv);
  return given;
}

SinkCommandLine build_sink(const SinkArguments& given) {
  if (given.listeners().empty() && !given.check_rules) {
    throw Fatal(
        "missing endpoint: expected [inet:][host]:port or unix:path, or --listen (see smtp-sink "
        "--help)");
  }
  check_exclusions<SinkArguments>(given, kSinkExclusions);
  check_needs<SinkArguments>(given, kSinkNeeds);
  given.report.check(given.counter);
  sink::SinkOptions options;
  build_network(given, options);
  smtp::ServerProfile common;  // to all listeners
  build_announcements(given, common);
  build_offer(given, options, common);
  options.listeners = build_listeners(given, common);
  build_tls(given, options);
  build_rules(given, options);
  build_answers(given, options);
  build_capture(given, options.capture);
  build_stores(given, options.stores);
  build_verify(given, options);
  options.lint = given.lint;
  options.http = build_http(given);
  options.message_quota = given.stop_after_messages;
  options.quit_quota = given.stop_after_quits;
  options.stop_when_idle = given.stop_when_idle;
  options.measure = given.report.wanted();
  options.show_counters = given.counter;
  options.verbose = given.verbose;
  put(options.root_directory, given.chroot);
  put(options.user, given.run_as);
  options.threads = given.resolved_threads();
  options.engine = given.resolved_engine();
  return {.sink = std::move(options), .report = given.report, .check_rules = given.check_rules};
}

report::Run describe_sink(const sink::SinkOptions& options, int argc, const char* const* argv) {
  report::Run run =
      describe_run(report::Run::Kind::sink, argc, argv, *options.engine, options.threads);
  run.settings = {{kPlacesSetting, places(options.listeners)}};
  return run;
}

SinkCommandLine parse_sink_command_line(int argc, const char* const* argv) {
  return build_sink(read_sink_arguments(argc, argv));
}

}  // namespace millrace::cli
