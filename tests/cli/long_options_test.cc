// Every long option of both programs is passed here once and does what the manual says of it, in
// whatever order they come; script/lint compares these tables with the help.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/sink_arguments.h"
#include "cli/sink_command_line.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "printed_options.h"

namespace millrace::cli {
namespace {

using namespace std::chrono_literals;
using smtp::Extension;
using smtp::Verb;
using Action = sink::rules::CommandOption::Action;
using sink::rules::fixed;
using sink::rules::Multiple;
using Protocol = smtp::ServerProfile::Protocol;
using Words = std::vector<std::string>;

// A file with one line, for options that name one.
class LineFile {
 public:
  explicit LineFile(const std::string& line) {
    const int descriptor = mkstemp(path_.data());
    std::FILE* const file = fdopen(descriptor, "w");
    std::fputs((line + "\n").c_str(), file);
    std::fclose(file);
  }
  ~LineFile() { unlink(path_.c_str()); }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/millrace.options.XXXXXX";
};

// Options, separated by '|', the endpoint left out; and whether they did what they are for.
template <typename Parsed>
struct Row {
  std::string words;
  std::function<bool(const Parsed&)> done;
};

Words split(const std::string& words) {
  Words arguments;
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find('|', begin), words.size());
    arguments.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

template <typename Parsed, typename Parse>
void check(const std::string& program, Parse parse, const std::vector<Row<Parsed>>& rows) {
  for (const auto& [words, done] : rows) {
    const Words arguments = split(words);
    std::vector<const char*> pointers{program.c_str()};
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    pointers.push_back("127.0.0.1:2525");
    EXPECT_TRUE(done(parse(static_cast<int>(pointers.size()), pointers.data()))) << words;
  }
}

// `users`: a file of them; `key_file`: one of a key of stamps.
std::vector<Row<SinkCommandLine>> sink_rows(const std::string& users, const std::string& key_file) {
  const auto offers = [](Extension extension) {
    return [extension](const SinkCommandLine& line) {
      return line.sink.listeners.at(0).profile.offered.has(extension);
    };
  };
  const auto withholds = [](Extension extension) {
    return [extension](const SinkCommandLine& line) {
      return !line.sink.listeners.at(0).profile.offered.has(extension);
    };
  };
  const auto acts = [](Verb verb, Action action) {
    return [=](const SinkCommandLine& line) { return line.sink.commands[verb].action == action; };
  };
  using Line = const SinkCommandLine&;
  return {
      {"--ipv4", [](Line line) { return line.sink.address_family == AF_INET; }},
      {"--ipv6", [](Line line) { return line.sink.address_family == AF_INET6; }},
      {"--listen|lmtp+starttls+[::1]:24,name=inbox",
       [](Line line) {
         const sink::Listener& inbox = line.sink.listeners.at(1);
         return line.sink.listeners.size() == 2 && inbox.name == "inbox" &&
                inbox.endpoint.host == "::1" && inbox.profile.protocol == Protocol::lmtp &&
                inbox.profile.offered.has(Extension::starttls);
       }},
      {"--max-sessions|7", [](Line line) { return line.sink.session_limit == 7; }},
      {"--tcp-window|4096", [](Line line) { return line.sink.window == 4'096; }},
      {"--timeout|7", [](Line line) { return line.sink.idle_limit == 7s; }},
      {"--proxy-from|10.0.0.0/8,unix", [](Line line) { return line.sink.proxies.size() == 2; }},
      {"--threads|3", [](Line line) { return line.sink.threads == 3; }},
      {"--io|epoll", [](Line line) { return line.sink.engine == net::find_engine("epoll"); }},
      {"--hostname|a.b",
       [](Line line) { return line.sink.listeners.at(0).profile.host_name == "a.b"; }},
      {"--lmtp",
       [](Line line) { return line.sink.listeners.at(0).profile.protocol == Protocol::lmtp; }},
      {"--no-esmtp",
       [](Line line) { return line.sink.listeners.at(0).profile.protocol == Protocol::plain; }},
      {"--pix",
       [](Line line) {
         return line.sink.listeners.at(0).profile.hide_software &&
                line.sink.listeners.at(0).profile.protocol == Protocol::plain;
       }},
      {"--no-8bitmime", withholds(Extension::eight_bit_mime)},
      {"--no-auth", withholds(Extension::auth)},
      {"--no-xclient", withholds(Extension::xclient)},
      {"--no-enhanced-status-codes", withholds(Extension::enhanced_status_codes)},
      {"--no-xforward", withholds(Extension::xforward)},
      {"--no-dsn", withholds(Extension::dsn)},
      {"--no-pipelining", withholds(Extension::pipelining)},
      {"--modern", offers(Extension::chunking)},
      {"--offer|CHUNKING", offers(Extension::chunking)},
      {"--modern|--withhold|CHUNKING", withholds(Extension::chunking)},
      {"--authenticate", [](Line line) { return line.sink.listeners.at(0).profile.authenticates; }},
      {"--auth-users|" + users,
       [](Line line) {
         return line.sink.listeners.at(0).profile.authenticates && !line.sink.users.everybody();
       }},
      {"--obey-xclient",
       [](Line line) { return line.sink.listeners.at(0).profile.xclient_takes_effect; }},
      {"--xclient-from|10.0.0.0/8,::1",
       [](Line line) {
         return line.sink.xclient_from.size() == 2 &&
                line.sink.listeners.at(0).profile.xclient_takes_effect;
       }},
      {"--max-size|10M",
       [](Line line) {
         return line.sink.listeners.at(0).profile.limits.message_size == 10U << 20;
       }},
      {"--max-dump-size|3K", [](Line line) { return line.sink.capture.largest == 3'072; }},
      {"--max-line-length|998",
       [](Line line) { return line.sink.listeners.at(0).profile.limits.text_line == 998; }},
      {"--max-recipients|5",
       [](Line line) { return line.sink.listeners.at(0).profile.limits.recipients == 5; }},
      {"--max-messages-per-session|6",
       [](Line line) { return line.sink.listeners.at(0).profile.limits.transactions == 6; }},
      {"--max-commands|7",
       [](Line line) { return line.sink.listeners.at(0).profile.limits.commands == 7; }},
      {"--max-errors|8",
       [](Line line) { return line.sink.listeners.at(0).profile.limits.errors == 8; }},
      {"--max-session-time|9s", [](Line line) { return line.sink.session_time_limit == 9s; }},
      {"--starttls", offers(Extension::starttls)},
      {"--tls", [](Line line) { return line.sink.listeners.at(0).tls_from_start; }},
      {"--tls-on-connect", [](Line line) { return line.sink.listeners.at(0).tls_from_start; }},
      {"--tls|--tls-version|1.3",
       [](Line line) { return line.sink.tls->common.least_version == 13; }},
      {"--tls|--tls-ciphers|X:Y", [](Line line) { return line.sink.tls->common.ciphers == "X:Y"; }},
      {"--tls|--tls-groups|P-256",
       [](Line line) { return line.sink.tls->common.groups == "P-256"; }},
      {"--tls|--tls-cert|a.pem",
       [](Line line) { return line.sink.tls->common.certificate_file == "a.pem"; }},
      {"--tls|--tls-key|b.pem",
       [](Line line) { return line.sink.tls->common.key_file == "b.pem"; }},
      {"--tls|--tls-key-type|rsa",
       [](Line line) { return line.sink.tls->key_type == net::TlsServerOptions::KeyType::rsa; }},
      {"--tls|--tls-ask-cert", [](Line line) { return line.sink.tls->ask_for_certificate; }},
      {"--hard-reject|mail", acts(Verb::mail, Action::hard_reject)},
      {"--soft-reject|rcpt", acts(Verb::rcpt, Action::soft_reject)},
      {"--drop|data", acts(Verb::data, Action::drop)},
      {"--disconnect|.", acts(Verb::end_of_data, Action::farewell)},
      {"--hard-reply|554 no",
       [](Line line) { return line.sink.commands.hard_reply == "554 no\r\n"; }},
      {"--soft-reply|454 no",
       [](Line line) { return line.sink.commands.soft_reply == "454 no\r\n"; }},
      {"--delay|mail:2:30",
       [](Line line) {
         const auto delay = std::get<Multiple>(*line.sink.commands[Verb::mail].delay);
         return delay.step == 2s && delay.odds == 30;
       }},
      {"--data-delay|250ms",
       [](Line line) { return line.sink.commands[Verb::data].delay == fixed(250ms); }},
      {"--content-delay|3", [](Line line) { return line.sink.commands.content_delay == 3s; }},
      {"--abort-content|0", [](Line line) { return line.sink.commands.abort_delay == 0s; }},
      {"--rules|x.toml", [](Line line) { return line.sink.rule_files.front() == "x.toml"; }},
      {"--rules|x.toml|--check-rules", [](Line line) { return line.check_rules; }},
      {"--rules|x.toml|--seed|7", [](Line line) { return line.sink.seed == 7U; }},
      {"--answer-through|127.0.0.1",
       [](Line line) {
         const net::Endpoint& endpoint = line.sink.answers->endpoint;
         return endpoint.host == "127.0.0.1" && endpoint.service == "25";
       }},
      {"--answer-through|unix:/x|--answer-rate|120/m",
       [](Line line) { return line.sink.answers->rate == 2; }},
      {"--summary", [](Line line) { return line.report.summary && line.sink.measure; }},
      {"--json|x.json", [](Line line) { return line.report.json == "x.json"; }},
      {"--counter", [](Line line) { return line.sink.show_counters; }},
      {"--verbose", [](Line line) { return line.sink.verbose; }},
      {"--syslog|quit", [](Line line) { return line.sink.logged[index(Verb::quit)]; }},
      {"--dump-each|%Y.",
       [](Line line) {
         return line.sink.capture.mode == sink::CaptureOptions::Mode::file_per_message;
       }},
      {"--dump-all|all",
       [](Line line) { return line.sink.capture.mode == sink::CaptureOptions::Mode::append; }},
      {"--dump-start|From\\n",
       [](Line line) { return line.sink.capture.start_string == "From\n"; }},
      {"--store|mbox:x",
       [](Line line) {
         const auto& [form, path, most] = line.sink.stores.targets.front();
         return form == sink::StoreTarget::Form::mbox && path == "x";
       }},
      {"--store|jsonl+message:a:b|--store-sync",
       [](Line line) {
         const auto& [form, path, most] = line.sink.stores.targets.front();
         return form == sink::StoreTarget::Form::jsonl_with_text && path == "a:b" &&
                line.sink.stores.sync;
       }},
      {"--http|:1|--store|memory:9",
       [](Line line) { return line.sink.stores.targets.front().most == 9; }},
      {"--verify|x.proof", [](Line line) { return line.sink.verify->journal == "x.proof"; }},
      {"--verify|x.proof|--stamp-key|" + key_file,
       [](Line line) { return line.sink.verify->key.has_value(); }},
      {"--verify|x.proof|--journal-sync",
       [](Line line) { return line.sink.verify->sync == proof::Sync::block; }},
      {"--lint", [](Line line) { return line.sink.lint == sink::LintMode::count; }},
      {"--lint=strict", [](Line line) { return line.sink.lint == sink::LintMode::strict; }},
      {"--http|:8025", [](Line line) { return line.sink.http->endpoint.host == "127.0.0.1"; }},
      {"--http|[::]:8025|--http-token-file|" + key_file,
       [](Line line) { return line.sink.http->token == "00112233445566778899aabbccddeeff"; }},
      {"--stop-after-messages|4", [](Line line) { return line.sink.message_quota == 4; }},
      {"--stop-after-quits|5", [](Line line) { return line.sink.quit_quota == 5; }},
      {"--stop-when-idle|5m", [](Line line) { return line.sink.stop_when_idle == 5min; }},
      {"--chroot|/tmp", [](Line line) { return line.sink.root_directory == "/tmp"; }},
      {"--run-as|mail", [](Line line) { return line.sink.user == "mail"; }},
  };
}

// Files that options name.
struct Files {
  LineFile users{"ann,secret"};
  LineFile password{"hidden"};
  LineFile message{"Subject: from a file\n\nbody"};
  LineFile fields{"name\nAnn"};
  LineFile scenario{"[session]\nhelo = 'x'"};
  LineFile key{std::string(32, '7')};
  LineFile authorities{"-----BEGIN CERTIFICATE-----\nx"};
};

// The first message of the run, its sender and its recipient in front.
std::string first_message(const SourceCommandLine& line) {
  std::string text;
  line.source.traffic->append_sender(0, text);
  line.source.traffic->append_recipient(0, 0, text += ' ');
  const auto messages = line.source.traffic->messages();
  Output out;
  messages->append_chunk(0, 0, messages->content_size(0), out);
  return text + '\n' + out.flattened();
}

std::vector<Row<SourceCommandLine>> source_rows(const Files& files) {
  const std::string& users = files.users.path();
  const std::string& password = files.password.path();
  const std::string& message = files.message.path();
  const std::string& key = files.key.path();
  const std::string& authorities = files.authorities.path();
  const auto wants = [](Extension extension) {
    return [extension](const SourceCommandLine& line) {
      return line.source.plan.wanted.has(extension) && line.source.plan.hello_verb == Verb::ehlo;
    };
  };
  const auto gives_mail = [](const std::string& text) {
    return [text](const SourceCommandLine& line) {
      return line.source.message.envelope.mail_parameters.at(0).text == text;
    };
  };
  const auto gives_rcpt = [](const std::string& text) {
    return [text](const SourceCommandLine& line) {
      return line.source.message.envelope.rcpt_parameters.at(0).text == text;
    };
  };
  const std::string plain =
      "--auth|PLAIN|--auth-in-clear|--auth-user|ann|--auth-password-file|" + password;
  using Line = const SourceCommandLine&;
  return {
      {"--ipv4", [](Line line) { return line.source.address_family == AF_INET; }},
      {"--ipv6", [](Line line) { return line.source.address_family == AF_INET6; }},
      {"--connect-attempts|3", [](Line line) { return line.source.connect_attempts == 3; }},
      {"--tcp-window|4096", [](Line line) { return line.source.window == 4'096; }},
      {"--bind|127.0.0.1,::1",
       [](Line line) {
         return line.source.bind_addresses == Words{"127.0.0.1", "::1"};
       }},
      {"--bind|127.0.0.1|--bind-ports|20000-20009",
       [](Line line) { return line.source.bind_ports == "20000-20009"; }},
      {"--proxy-protocol|v2", [](Line line) { return line.source.proxy == net::ProxyVersion::v2; }},
      {"--proxy-protocol|v1|--proxy-source|[gen]",
       [](Line line) { return line.source.proxy_source == "[gen]"; }},
      {"--threads|3|--sessions|9", [](Line line) { return line.source.threads == 3; }},
      {"--io|epoll", [](Line line) { return line.source.engine == net::find_engine("epoll"); }},
      {"--messages|9", [](Line line) { return line.source.messages == 9; }},
      {"--sessions|9", [](Line line) { return line.source.sessions == 9; }},
      {"--keep-session", [](Line line) { return line.source.keep_session; }},
      {"--messages-per-session|9",
       [](Line line) { return line.source.keep_session && line.source.session_messages == 9; }},
      {"--pause|2",
       [](Line line) { return std::get<Constant>(line.source.pause.length).value == 2e9; }},
      {"--random-pause|2",
       [](Line line) { return std::get<Uniform>(line.source.pause.length).most == 2e9; }},
      {"--carry-on", [](Line line) { return line.source.on_trouble == source::OnTrouble::warn; }},
      {"--duration|5s", [](Line line) { return line.source.load.schedule.at(0).length == 5s; }},
      {"--rate|500/s",
       [](Line line) {
         return line.source.load.open_loop && line.source.load.schedule.at(0).to == 500;
       }},
      {"--rate|5|--arrivals|poisson",
       [](Line line) { return line.source.load.pattern == source::ArrivalPattern::poisson; }},
      {"--rate|5|--arrivals|poisson|--seed|7",
       [](Line line) { return line.source.load.seed == 7; }},
      {"--part|2/3|--seed|7|--sessions|9|--messages|9",
       [](Line line) { return line.source.part.number == 1 && line.source.part.of == 3; }},
      {"--start-at|2100-01-01T00:00:00Z",
       [](Line line) { return line.source.start_at->time_since_epoch() == 4'102'444'800s; }},
      {"--retry|5x1s", [](Line line) { return line.source.load.retry->retries == 5; }},
      {"--retry|first 1s|--retry-limit|7",
       [](Line line) { return line.source.load.retry_limit == 7; }},
      {"--reply-timeout|250ms", [](Line line) { return line.source.reply_limit == 250ms; }},
      {"-A|--abort-on|errors > 20%", [](Line line) { return line.source.load.abort_share == 0.2; }},
      {"--stages|ramp 1-9 2s, hold 1s",
       [](Line line) { return line.source.load.schedule.size() == 2; }},
      {"--warmup|2s", [](Line line) { return !line.source.load.schedule.at(0).measured; }},
      {"--find-rate|p99<250ms, errors<0.1%|--rate-range|110-200/s",
       [](Line line) {
         return line.capacity->task.of == source::LevelOf::rate && line.source.load.open_loop &&
                line.capacity->objective.at(1).text() == "errors<0.1%" &&
                line.report.thresholds.size() == 2 && line.report.summary;
       }},
      {"--find-rate|p99<250ms, errors<0.1%",
       [](Line line) {
         return line.capacity->task.range.low == 101 && line.capacity->task.range.high == 100'000;
       }},
      {"--find-rate|p99<1s|--probe|20s|--confirm|4s",
       [](Line line) { return line.capacity->task.range.low == 25; }},
      {"--find-rate|max<1s", [](Line line) { return line.capacity->task.range.low == 10; }},
      {"--find-rate|p50<1s|--rate-range|120-6000/m",
       [](Line line) {
         return line.capacity->task.range.low == 2 && line.capacity->task.range.high == 100;
       }},
      {"--find-sessions|p99<1s",
       [](Line line) {
         return line.capacity->task.of == source::LevelOf::sessions &&
                line.capacity->task.range.whole && !line.source.load.open_loop;
       }},
      {"--find-sessions|p99<1s|--session-range|2-500",
       [](Line line) {
         return line.capacity->task.range.low == 2 && line.capacity->task.range.high == 500;
       }},
      {"--find-rate|p90<1s|--probe|5s",
       [](Line line) {
         return line.capacity->task.probe == 5s && line.capacity->task.warmup == 1s;
       }},
      {"--find-rate|p99<1s|--confirm|5m",
       [](Line line) { return line.capacity->task.confirm == 300s; }},
      {"--find-rate|p99<1s|--resolution|2%",
       [](Line line) { return line.capacity->task.range.resolution == 0.02; }},
      {"--find-rate|p99<1s|--settle|7s",
       [](Line line) { return line.capacity->task.settle == 7s; }},
      {"--drain|3s", [](Line line) { return line.source.load.drain_limit == 3s; }},
      {"--lmtp", [](Line line) { return line.source.plan.hello_verb == Verb::lhlo; }},
      {"--hostname|a.b", [](Line line) { return line.source.plan.hello_name == "a.b"; }},
      {"--from|a@b", [](Line line) { return line.source.message.reverse_path == "a@b"; }},
      {"--to|a@b", [](Line line) { return line.source.message.forward_path == "a@b"; }},
      {"--recipients|3", [](Line line) { return line.source.message.recipients == 3; }},
      {"--number-recipients",
       [](Line line) {
         return line.source.message.recipient_number == mail::RecipientNumber::prefix;
       }},
      {"-N|--recipient-number|suffix",
       [](Line line) {
         return line.source.message.recipient_number == mail::RecipientNumber::suffix;
       }},
      {"--length|10", [](Line line) { return line.source.message.body.size() == 12; }},
      {"--message-file|" + users,
       [](Line line) { return line.source.message.body.starts_with("ann,secret"); }},
      {"--scenario|" + files.scenario.path(),
       [](Line line) { return line.source.mix->session.helo == "x"; }},
      {"--senders|a@b.test",
       [](Line line) { return first_message(line).starts_with("a@b.test "); }},
      {"--recipients|r@b.test",
       [](Line line) { return first_message(line).find(" r@b.test\n") != std::string::npos; }},
      {"--to|me@x|--domains|b.test",
       [](Line line) { return first_message(line).find(" me@b.test\n") != std::string::npos; }},
      {"--size|3000",
       [](Line line) { return line.source.traffic->messages()->content_size(0) == 3000; }},
      {"--corpus|" + message,
       [](Line line) { return first_message(line).ends_with("from a file\r\n\r\nbody\r\n"); }},
      {"--template|" + message,
       [](Line line) { return first_message(line).ends_with("from a file\r\n\r\nbody\r\n"); }},
      {"--template|" + message + "|--fields|" + files.fields.path(),
       [](Line line) { return line.source.traffic != nullptr; }},
      {"--header|X: y",
       [](Line line) { return first_message(line).find("\nX: y\r\n") != std::string::npos; }},
      {"--sessions|20|--client|95% idle 60s",
       [](Line line) {
         return line.source.sessions == 1 && line.source.clients.at(0).sessions == 19 &&
                line.source.clients.at(0).behaviour.text == "idle 60s" && line.source.measure;
       }},
      {"--show|3", [](Line line) { return line.show == 3U; }},
      {"--subject|hello", [](Line line) { return line.source.message.subject == "hello"; }},
      {"--old", [](Line line) { return !line.source.message.headers; }},
      {"--ehlo", [](Line line) { return line.source.plan.hello_verb == Verb::ehlo; }},
      {"--chunking|--if-offered",
       [](Line line) { return line.source.plan.optional.has(Extension::chunking); }},
      {"--pipelining", wants(Extension::pipelining)},
      {"--pipeline-window|4", [](Line line) { return line.source.plan.window == 4; }},
      {"--chunking", wants(Extension::chunking)},
      {"--chunk-size|64K", [](Line line) { return line.source.plan.chunk_size == 65'536; }},
      {"--xclient|NAME=x", [](Line line) { return line.source.xclient == "NAME=x"; }},
      {"--xforward|NAME=x",
       [](Line line) { return line.source.message.envelope.xforward == "NAME=x"; }},
      {"--body|binarymime", gives_mail("BODY=BINARYMIME")},
      {"--smtputf8", gives_mail("SMTPUTF8")},
      {"--requiretls", gives_mail("REQUIRETLS")},
      {"--mt-priority|-3", gives_mail("MT-PRIORITY=-3")},
      {"--dsn-ret|hdrs", gives_mail("RET=HDRS")},
      {"--dsn-envid|a+b", gives_mail("ENVID=a+2Bb")},
      {"--dsn-notify|success,delay", gives_rcpt("NOTIFY=SUCCESS,DELAY")},
      {"--dsn-orcpt", [](Line line) { return line.source.message.envelope.original_recipient; }},
      {"--mail-param|X=1", gives_mail("X=1")},
      {"--rcpt-param|X=1", gives_rcpt("X=1")},
      {plain, [](Line line) { return line.source.auth_mechanism == "PLAIN"; }},
      {plain + "|--auth-user|bob", [](Line line) { return line.source.users.at(0).name == "bob"; }},
      {plain, [](Line line) { return line.source.users.at(0).password == "hidden"; }},
      {plain + "|--auth-password|x",
       [](Line line) { return line.source.users.at(0).password == "x"; }},
      {"--auth|LOGIN|--auth-in-clear|--auth-users|" + users,
       [](Line line) { return line.source.users.at(0).password == "secret"; }},
      {"--starttls", wants(Extension::starttls)},
      {"--tls", [](Line line) { return line.source.tls_from_start; }},
      {"--tls-on-connect", [](Line line) { return line.source.tls_from_start; }},
      {"--tls|--tls-version|1.2",
       [](Line line) { return line.source.tls->common.most_version == 12; }},
      {"--tls|--tls-ciphers|X:Y",
       [](Line line) { return line.source.tls->common.ciphers == "X:Y"; }},
      {"--tls|--tls-groups|P-256",
       [](Line line) { return line.source.tls->common.groups == "P-256"; }},
      {"--tls|--tls-cert|a.pem",
       [](Line line) { return line.source.tls->common.certificate_file == "a.pem"; }},
      {"--tls|--tls-key|b.pem",
       [](Line line) { return line.source.tls->common.key_file == "b.pem"; }},
      {"--tls|--sni|a.b", [](Line line) { return line.source.tls->server_name == "a.b"; }},
      {"--tls|--sni|a.b|--tls-verify", [](Line line) { return line.source.tls->verify; }},
      {"--tls|--tls-ca-file|" + authorities,
       [](Line line) { return line.source.tls->authorities.ends_with("\nx\n"); }},
      {"--tls|--tls-ca-dir|ca", [](Line line) { return line.source.tls->ca_directory == "ca"; }},
      {"--tls|--tls-alpn|smtp, h2",
       [](Line line) {
         return line.source.tls->alpn == Words{"smtp", "h2"};
       }},
      {"--tls|--tls-resume", [](Line line) { return line.source.tls->resume; }},
      {"--summary", [](Line line) { return line.report.summary && line.source.measure; }},
      {"--json|x", [](Line line) { return line.report.json == "x"; }},
      {"--html|x", [](Line line) { return line.report.html == "x"; }},
      {"--csv|x", [](Line line) { return line.report.csv == "x"; }},
      {"--hlog|x", [](Line line) { return line.report.histogram_log == "x"; }},
      {"--log|x",
       [](Line line) {
         return line.source.log->path == "x" && line.source.log->form == source::LogForm::json &&
                !line.source.measure;
       }},
      {"--log|x.csv", [](Line line) { return line.source.log->form == source::LogForm::csv; }},
      {"--log|x.Csv", [](Line line) { return line.source.log->form == source::LogForm::csv; }},
      {"--stamp|x",
       [](Line line) {
         const source::StampOptions& stamp = *line.source.stamp;
         return stamp.journal == "x" && !stamp.key && !stamp.in_body &&
                stamp.sync == proof::Sync::none && !line.source.measure &&
                line.source.message.envelope.added == proof::kStampSize &&
                !line.source.message.envelope.mark;
       }},
      {"--stamp|x|--stamp-key|" + key,
       [](Line line) { return line.source.stamp->key.has_value(); }},
      {"--stamp|x|--stamp-body",
       [](Line line) {
         return line.source.stamp->in_body &&
                line.source.message.envelope.added == 2 * proof::kStampSize;
       }},
      {"--stamp|x|--stamp-recipients|numbered",
       [](Line line) {
         std::string text = "a";
         line.source.message.envelope.mark(40, 1, text);
         return text == "a-40-1";
       }},
      {"--stamp|x|--sink-journal|y|--sink-journal|z|--threshold|e2e.p99<5s",
       [](Line line) {
         return line.source.end_to_end->journals == std::vector<std::string>{"y", "z"} &&
                line.source.end_to_end->settle == 60s && line.source.measure;
       }},
      {"--stamp|x|--sink-journal|y|--threshold|e2e.p99<5m",
       [](Line line) { return line.source.end_to_end->settle == 300s; }},
      {"--stamp|x|--sink-journal|y|--threshold|backlog<5|--settle|7s",
       [](Line line) { return line.source.end_to_end->settle == 7s; }},
      {"--stamp|x|--sink-journal|y|--find-rate|e2e.p99<5s, backlog<1000",
       [](Line line) { return line.capacity->objective.size() == 2; }},
      {"--stamp|x|--journal-sync",
       [](Line line) { return line.source.stamp->sync == proof::Sync::block; }},
      {"--threshold|p99<1s", [](Line line) { return line.report.thresholds.size() == 1; }},
      {"--progress|line",
       [](Line line) { return line.report.progress == ReportOptions::Progress::line; }},
      {"--counter", [](Line line) { return line.source.show_counter; }},
      {"--verbose", [](Line line) { return line.source.verbose; }},
  };
}

TEST(LongOptions, OfTheSinkDoWhatTheySay) {
  const LineFile users("ann,secret");
  const LineFile key("00112233445566778899aabbccddeeff");
  check("smtp-sink", parse_sink_command_line, sink_rows(users.path(), key.path()));
}

TEST(LongOptions, OfTheSourceDoWhatTheySay) {
  const Files files;
  check("smtp-source", parse_source_command_line, source_rows(files));
}

// Each option of the rows by itself, with its value.
template <typename Parsed>
std::vector<Words> single_options(const std::vector<Row<Parsed>>& rows) {
  std::vector<Words> options;
  for (const Row<Parsed>& row : rows) {
    for (const std::string& word : split(row.words)) {
      const bool value = !word.starts_with('-') || word == "-3";
      if (!value) options.emplace_back();
      options.back().push_back(word);
    }
  }
  return options;
}

// A program's options, which take CLI11 ten milliseconds under a sanitizer: it compares the names
// of each with those of all others. They are made once and parsed often.
template <typename Arguments, typename Build>
class Program {
 public:
  Program(void (*add_options)(CommandLine&, Arguments&), Build build) : build_(build) {
    add_options(line_, given_);
  }

  // What comes of a command line: the options, or why there are none.
  std::string outcome(const std::vector<Words>& parts) {
    std::vector<const char*> pointers{"program"};
    for (const Words& part : parts) {
      for (const std::string& word : part) pointers.push_back(word.c_str());
    }
    given_ = {};
    try {
      line_.parse(static_cast<int>(pointers.size()), pointers.data());
      return test::printed(build_(given_));
    } catch (const Fatal& error) {
      return error.what();
    }
  }

 private:
  CommandLine line_{"", "program"};
  Arguments given_;
  const Build build_;
};

// Some options at a time, in several orders.
template <typename Arguments, typename Build>
void expect_no_order(std::vector<Words> options, Program<Arguments, Build>&& program) {
  std::mt19937 random(7);
  int understood = 0;
  int refused = 0;
  for (int round = 0; round < 800; ++round) {
    std::shuffle(options.begin(), options.end(), random);
    std::vector<Words> some{{"127.0.0.1:2525"}};
    for (std::size_t place = 0; place <= static_cast<std::size_t>(round % 5); ++place) {
      // Of equal options the last one counts, and so it does of families of addresses.
      const auto same = [&](const Words& other) {
        return other[0] == options[place][0] ||
               (other[0].starts_with("--ipv") && options[place][0].starts_with("--ipv"));
      };
      if (std::none_of(some.begin(), some.end(), same)) some.push_back(options[place]);
    }
    const std::string expected = program.outcome(some);
    ++(expected.starts_with('{') ? understood : refused);
    for (int order = 0; order < 3; ++order) {
      std::shuffle(some.begin(), some.end(), random);
      std::string words;
      for (const Words& part : some) words += fmt::format("{} ", fmt::join(part, " "));
      ASSERT_EQ(program.outcome(some), expected) << words;
    }
  }
  EXPECT_GT(understood, 50);
  EXPECT_GT(refused, 10);
}

TEST(LongOptions, OfTheSinkMeanTheSameInAnyOrder) {
  const LineFile users("ann,secret");
  const LineFile key("00112233445566778899aabbccddeeff");
  expect_no_order(single_options(sink_rows(users.path(), key.path())),
                  Program(add_sink_options, build_sink));
}

TEST(LongOptions, OfTheSourceMeanTheSameInAnyOrder) {
  const Files files;
  const auto build = [](const SourceArguments& given) {
    return build_source(given, {.host_name = "a.example", .now = 1, .run = 2});
  };
  expect_no_order(single_options(source_rows(files)), Program(add_source_options, build));
}

}  // namespace
}  // namespace millrace::cli
