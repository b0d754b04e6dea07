// Options as text, so that tests can compare them as a whole. A field that a struct is given later
// has to be named here: the bindings do not compile otherwise.
#pragma once

#include <fmt/format.h>

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "cli/sink_command_line.h"
#include "cli/source_command_line.h"
#include "metrics/measurement.h"

namespace millrace::test {

class Printer {
 public:
  template <typename... Fields>
  void all(const Fields&... fields) {
    text_ += '{';
    (put(fields), ...);
    text_ += '}';
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void put(Number number) { text_ += fmt::format("{} ", number); }
  template <typename Word>
  requires std::is_enum_v<Word>
  void put(Word word) { put(static_cast<int>(word)); }
  void put(const std::string& text) { text_ += fmt::format("'{}' ", text); }
  void put(Duration duration) { put(duration.count()); }
  void put(std::chrono::system_clock::time_point moment) { put(moment.time_since_epoch()); }
  template <typename Value>
  void put(const std::optional<Value>& value) {
    value ? put(*value) : void(text_ += "none ");
  }
  template <typename Item>
  void put(const std::vector<Item>& items) {
    text_ += '[';
    for (const Item& item : items) put(item);
    text_ += ']';
  }
  template <typename Item, std::size_t Size>
  void put(const std::array<Item, Size>& items) {
    for (const Item& item : items) put(item);
  }
  void put(smtp::ExtensionSet set) {
    for (const std::string_view keyword : smtp::kExtensionKeywords) {
      if (set.has(*smtp::find_extension(keyword))) text_ += fmt::format("{} ", keyword);
    }
  }
  void put(const net::Engine* engine) { text_ += fmt::format("{} ", engine->name); }
  void put(const smtp::GivenReply& reply) { put(*reply); }
  void put(const report::Threshold& threshold) { put(threshold.judge({}).threshold); }
  void put(const net::Network& network) {
    for (const char* const address : {"127.0.0.1", "10.1.2.3", "::1", "192.0.2.1"}) {
      put(network.contains(*net::numeric_address(address, 0)));
    }
  }
  void put(const sasl::UserTable& users) {
    put(users.everybody());
    if (const std::string* const password = users.password("ann")) put(*password);
  }
  void put(const net::Endpoint& endpoint) {
    const auto& [unix_domain, host, service, path] = endpoint;
    all(unix_domain, host, service, path);
  }
  void put(const net::TlsOptions& tls) {
    const auto& [least, most, ciphers, groups, certificate, key] = tls;
    all(least, most, ciphers, groups, certificate, key);
  }
  void put(const net::TlsClientOptions& tls) {
    const auto& [common, verify, pem, file, directory, server_name, alpn, resume, renegotiate] =
        tls;
    all(common, verify, pem, file, directory, server_name, alpn, resume, renegotiate);
  }
  void put(const net::TlsServerOptions& tls) {
    const auto& [common, key_type, host_name, expired, ask] = tls;
    all(common, key_type, host_name, expired, ask);
  }
  void put(const sasl::User& user) {
    const auto& [name, password] = user;
    all(name, password);
  }
  void put(const smtp::ClientPlan& plan) {
    const auto& [verb, name, wanted, optional, window, chunk_size] = plan;
    all(verb, name, wanted, optional, window, chunk_size);
  }
  void put(const mail::Parameter& parameter) {
    const auto& [extension, text] = parameter;
    all(extension, text);
  }
  void put(const mail::EnvelopeOptions& envelope) {
    const auto& [mail, rcpt, original, xforward, mark, added] = envelope;
    all(mail, rcpt, original, xforward, mark != nullptr, added);
  }
  void put(const mail::MessageOptions& message) {
    const auto& [reverse, forward, recipients, number, envelope, headers, host_name, date, subject,
                 run, body] = message;
    all(reverse, forward, recipients, number, envelope, headers, host_name, date, subject, run,
        body);
  }
  void put(const std::shared_ptr<const mail::Workload>& workload) { put(workload != nullptr); }
  void put(const source::Stage& stage) {
    const auto& [name, length, from, to, measured] = stage;
    all(name, length, from, to, measured);
  }
  void put(const source::Load& load) {
    const auto& [open_loop, pattern, seed, schedule, drain_limit, abort_share, retry, limit,
                 first] = load;
    all(open_loop, pattern, seed, schedule, drain_limit, abort_share, retry, limit, first);
  }
  void put(const cli::CapacityOrder& order) {
    const auto& [task, objective] = order;
    const auto& [of, range, probe, confirm, warmup, settle] = task;
    const auto& [low, high, resolution, whole] = range;
    all(of, low, high, resolution, whole, probe, confirm, warmup, settle, objective);
  }
  void put(const source::RetryPolicy& retry) {
    const auto& [first, factor, most, give_up, retries] = retry;
    all(first, factor, most, give_up, retries);
  }
  void put(const source::Pause& pause) { put(pause.length); }
  void put(const source::ConnectionMix& mix) {
    const auto& [seed, session, in_clear] = mix;
    const auto& [messages, tls, auth, pipelining, helo, think] = session;
    all(seed, messages, tls, auth, pipelining, helo, think, in_clear);
  }
  void put(const smtp::ServerLimits& limits) {
    const auto& [size, line, recipients, transactions, commands, errors] = limits;
    all(size, line, recipients, transactions, commands, errors);
  }
  void put(const smtp::ServerProfile& profile) {
    const auto& [protocol, host_name, hide, offered, mechanisms, xclient, xforward, authenticates,
                 takes_effect, limits] = profile;
    all(protocol, host_name, hide, offered, mechanisms, xclient, xforward, authenticates,
        takes_effect, limits);
  }
  void put(const Constant& of) { put(of.value); }
  void put(const Uniform& of) { all(of.least, of.most); }
  void put(const Exponential& of) { put(of.mean); }
  void put(const Lognormal& of) { all(of.median, of.sigma); }
  void put(const Pareto& of) { all(of.least, of.alpha); }
  void put(const Geometric& of) { put(of.mean); }
  void put(const Distribution& of) {
    std::visit([this](const auto& one) { put(one); }, of);
  }
  void put(const sink::rules::Multiple& delay) { all(delay.step, delay.odds); }
  void put(const sink::rules::OfGroup& delay) { put(delay.group); }
  void put(const sink::rules::Delay& delay) {
    std::visit([this](const auto& one) { put(one); }, delay);
  }
  void put(const sink::rules::CommandOption& option) {
    const auto& [action, delay] = option;
    all(action, delay);
  }
  void put(const sink::rules::CommandOptions& commands) {
    const auto& [of_verb, soft, hard, content_delay, abort_delay] = commands;
    all(of_verb, soft, hard, content_delay, abort_delay);
  }
  void put(const std::bitset<smtp::kVerbCount>& verbs) { put(verbs.to_ulong()); }
  void put(const sink::AnswerOptions& answers) {
    const auto& [endpoint, rate] = answers;
    all(endpoint, rate);
  }
  void put(const sink::CaptureOptions& capture) {
    const auto& [mode, name, start, largest] = capture;
    all(mode, name, start, largest);
  }
  void put(const sink::StoreTarget& target) {
    const auto& [form, path, most] = target;
    all(static_cast<int>(form), path, most);
  }
  void put(const sink::StoreOptions& stores) {
    const auto& [targets, sync, largest] = stores;
    all(targets, sync, largest);
  }
  void put(const sink::VerifyOptions& verify) {
    const auto& [journal, key, sync] = verify;
    all(journal, key ? key->bytes.front() : 0, static_cast<int>(sync));
  }
  void put(const sink::HttpOptions& http) {
    const auto& [endpoint, token] = http;
    all(endpoint, token);
  }
  void put(const cli::ReportOptions& report) {
    const auto& [summary, json, histogram_log, csv, html, log, journal, thresholds, progress] =
        report;
    all(summary, json, histogram_log, csv, html, log, journal, thresholds, progress);
  }
  void put(const source::LogTarget& log) {
    const auto& [path, form] = log;
    all(path, form);
  }
  void put(const proof::StampKey& key) { put(key.bytes); }
  void put(const source::StampOptions& stamp) {
    const auto& [journal, key, in_body, sync] = stamp;
    all(journal, key, in_body, sync);
  }
  void put(const source::MisbehavingGroup& group) {
    const auto& [behaviour, sessions] = group;
    all(behaviour.text, sessions);
  }
  void put(const source::EndToEndOptions& arrivals) {
    const auto& [journals, settle] = arrivals;
    all(journals, settle);
  }
  void put(const source::SourceOptions& options) {
    const auto& [endpoint, family, window, addresses, ports, proxy, proxy_source, attempts, tls,
                 from_start, plan, mix, xclient, mechanism, users, message, traffic, part, start_at,
                 messages, sessions, clients, keep, session_messages, on_trouble, pause, load,
                 reply_limit, log, stamp, end_to_end, measure, counter, verbose, threads, engine] =
        options;
    all(endpoint, family, window, addresses, ports, proxy, proxy_source, attempts, tls, from_start,
        plan, mix, xclient, mechanism, users, message, traffic, part.number, part.of, start_at,
        messages, sessions, clients, keep, session_messages, on_trouble, pause, load, reply_limit,
        log, stamp, end_to_end, measure, counter, verbose, threads, engine);
  }
  void put(const sink::Listener& listener) {
    const auto& [name, endpoint, profile, from_start, proxy] = listener;
    all(name, endpoint, profile, from_start, proxy);
  }
  void put(const sink::SinkOptions& options) {
    const auto& [listeners, family, backlog, window, proxies, tls, users, xclient_from, rule_files,
                 commands, seed, logged, answers, idle, session_time, sessions, messages, quits,
                 stop_when_idle, capture, stores, verify, lint, http, measure, counters, verbose,
                 root, user, threads, engine] = options;
    all(listeners, family, backlog, window, proxies, tls, users, xclient_from, rule_files, commands,
        seed, logged, answers, idle, session_time, sessions, messages, quits, stop_when_idle,
        capture, stores, verify, lint, http, measure, counters, verbose, root, user, threads,
        engine);
  }

  std::string text_;
};

inline std::string printed(const cli::SourceCommandLine& line) {
  Printer printer;
  printer.all(line.source, line.report, line.show, line.capacity);
  return printer.text();
}

inline std::string printed(const cli::SinkCommandLine& line) {
  Printer printer;
  printer.all(line.sink, line.report, line.check_rules);
  return printer.text();
}

}  // namespace millrace::test
