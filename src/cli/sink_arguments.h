#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/given.h"
#include "cli/listener_options.h"
#include "cli/network_options.h"
#include "cli/report_options.h"
#include "cli/text_values.h"
#include "cli/tls_options.h"
#include "net/address_pool.h"
#include "sink/options.h"
#include "sink/store/store_options.h"
#include "smtp/extension.h"
#include "smtp/verb.h"

namespace millrace::cli {

// What smtp-sink was given: a field an option, named like it. Values are as they were read, and
// nothing where the option was not given.
struct SinkArguments : NetworkArguments, TlsArguments {
  std::string endpoint;
  std::string backlog;

  // Network
  std::vector<ListenerArgument> listen;
  std::optional<std::size_t> max_sessions;
  std::optional<std::uint64_t> tcp_window;  // bytes
  std::optional<Duration> timeout;
  std::vector<net::Network> proxy_from;

  // What is announced
  std::optional<std::string> hostname;
  bool lmtp = false;
  bool no_esmtp = false;
  bool pix = false;

  // Extensions
  bool modern = false;
  std::vector<smtp::Extension> offer;
  std::vector<smtp::Extension> withhold;  // and those of -8, -a, -C, ...
  bool authenticate = false;
  std::optional<std::string> auth_users;
  bool obey_xclient = false;
  std::vector<net::Network> xclient_from;

  // Limits
  std::optional<std::uint64_t> max_size;  // bytes
  std::optional<std::uint64_t> max_line_length;
  std::optional<std::uint64_t> max_dump_size;
  std::optional<std::size_t> max_recipients;
  std::optional<std::size_t> max_messages_per_session;
  std::optional<std::size_t> max_commands;
  std::optional<std::size_t> max_errors;
  std::optional<Duration> max_session_time;

  // TLS
  std::optional<net::TlsServerOptions::KeyType> tls_key_type;
  bool tls_ask_cert = false;

  // Misbehaviour
  std::vector<smtp::Verb> hard_reject;
  std::vector<smtp::Verb> soft_reject;
  std::vector<smtp::Verb> drop;
  std::vector<smtp::Verb> disconnect;
  std::optional<std::string> hard_reply;  // with its CR LF
  std::optional<std::string> soft_reply;
  std::vector<CommandDelay> delay;  // in the order of the command line, -w as well
  std::optional<Duration> content_delay;
  std::optional<Duration> abort_content;

  // Rules
  std::vector<std::string> rules;
  bool check_rules = false;
  std::optional<std::uint64_t> seed;
  // Answers that come later
  std::optional<std::string> answer_through;
  std::optional<double> answer_rate;  // a second

  // What is shown and kept
  ReportOptions report;
  bool counter = false;
  bool verbose = false;
  std::vector<smtp::Verb> syslog;
  std::optional<std::string> dump_each;
  std::optional<std::string> dump_all;
  std::optional<std::string> dump_start;
  std::vector<sink::StoreTarget> store;
  bool store_sync = false;

  // Nothing lost, proven
  std::optional<std::string> verify;
  std::optional<std::string> stamp_key;
  bool journal_sync = false;

  // Clients judged
  std::optional<sink::LintMode> lint;

  // Watched and steered while it runs
  std::optional<std::string> http;
  std::optional<std::string> http_token_file;

  // The program
  std::optional<std::uint64_t> stop_after_messages;
  std::optional<std::uint64_t> stop_after_quits;
  std::optional<Duration> stop_when_idle;
  std::optional<std::string> chroot;
  std::optional<std::string> run_as;

  // What several of them say together.
  [[nodiscard]] bool authenticates() const { return modern || authenticate || auth_users; }
  [[nodiscard]] bool believes_xclient() const {
    return modern || obey_xclient || !xclient_from.empty();
  }
  // The endpoint, if there is one, and those of --listen.
  [[nodiscard]] std::vector<ListenerArgument> listeners() const;
  // Those that a listener announces.
  [[nodiscard]] smtp::ExtensionSet extensions(const ListenerArgument& of) const;
  // Whether any listener does.
  [[nodiscard]] bool uses_tls() const;
  // Whether there is a starttls+ among those of --listen.
  [[nodiscard]] bool listens_for_starttls() const;
  [[nodiscard]] bool has_rules() const { return !rules.empty(); }
  [[nodiscard]] bool has_stores() const { return !store.empty(); }
  [[nodiscard]] bool keeps_in_memory() const {
    return std::any_of(store.begin(), store.end(), [](const sink::StoreTarget& target) {
      return target.form == sink::StoreTarget::Form::memory;
    });
  }
  // Something is left to dice.
  [[nodiscard]] bool draws() const {
    return has_rules() || std::any_of(delay.begin(), delay.end(), [](const CommandDelay& row) {
             return std::holds_alternative<sink::rules::Multiple>(row.delay);
           });
  }
};

// Which of them exclude each other, and which need another: all there is of that.
using Sink = SinkArguments;
using SinkCombination = Combination<SinkArguments>;

inline constexpr SinkCombination kSinkExclusions[] = {
    {has<&Sink::dump_each>, has<&Sink::dump_all>, "use only one of -d or -D, but not both"},
    {has<&Sink::tls_key_type>, has<&Sink::tls_cert>,
     "--tls-key-type is of a certificate that is made: not with --tls-cert"},
    {has<&Sink::tls>, has<&Sink::listens_for_starttls>,
     "--tls is of all listeners: not with --listen starttls+..."},
};

inline constexpr SinkCombination kSinkNeeds[] = {
    {has<&Sink::check_rules>, has<&Sink::has_rules>, "--check-rules needs --rules"},
    {has<&Sink::seed>, has<&Sink::draws>, "--seed needs --rules, or --delay with odds"},
    {has<&Sink::tls_ask_cert>, has<&Sink::uses_tls>,
     "--tls-ask-cert needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_key_type>, has<&Sink::uses_tls>,
     "--tls-key-type needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_cert>, has<&Sink::uses_tls>,
     "--tls-cert needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_key>, has<&Sink::uses_tls>,
     "--tls-key needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_version>, has<&Sink::uses_tls>,
     "--tls-version needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_ciphers>, has<&Sink::uses_tls>,
     "--tls-ciphers needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::tls_groups>, has<&Sink::uses_tls>,
     "--tls-groups needs --starttls, --tls, or a listener with starttls+ or tls+"},
    {has<&Sink::answer_rate>, has<&Sink::answer_through>,
     "--answer-rate needs --answer-through, where answers go"},
    {has<&Sink::http_token_file>, has<&Sink::http>, "--http-token-file needs --http"},
    {has<&Sink::keeps_in_memory>, has<&Sink::http>,
     "--store memory:N needs --http, by which its messages are asked for"},
    {has<&Sink::stamp_key>, has<&Sink::verify>, "--stamp-key needs --verify"},
    {has<&Sink::journal_sync>, has<&Sink::verify>, "--journal-sync needs --verify"},
    {has<&Sink::store_sync>, has<&Sink::has_stores>, "--store-sync needs --store"},
};

}  // namespace millrace::cli
