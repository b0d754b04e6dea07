#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/distribution.h"
#include "cli/given.h"
#include "cli/network_options.h"
#include "cli/report_options.h"
#include "cli/source_capacity.h"
#include "cli/source_load.h"
#include "cli/source_part.h"
#include "cli/tls_options.h"
#include "mail/clients/client_group.h"
#include "mail/message.h"
#include "mail/scenario/scenario.h"
#include "net/proxy_header.h"
#include "proof/journal_record.h"
#include "proof/recipient_token.h"
#include "smtp/extension.h"
#include "source/arrivals.h"
#include "source/part.h"
#include "source/retry_policy.h"

namespace millrace::cli {

// What --recipients is given: how many a message has, or who they are.
using RecipientsValue = std::variant<std::size_t, mail::AddressOrigin>;

// What smtp-source was given: a field an option, named like it. Values are as they were read, and
// nothing where the option was not given.
struct SourceArguments : NetworkArguments, TlsArguments {
  std::string endpoint;

  // Network
  std::optional<unsigned> connect_attempts;
  std::optional<std::uint64_t> tcp_window;  // bytes
  std::optional<Duration> reply_timeout;
  std::optional<std::vector<std::string>> bind;
  std::optional<std::string> bind_ports;
  std::optional<net::ProxyVersion> proxy_protocol;
  std::optional<std::string> proxy_source;

  // Load
  std::optional<std::uint64_t> messages;
  std::optional<unsigned> sessions;
  bool keep_session = false;
  std::optional<std::uint64_t> messages_per_session;
  std::optional<Duration> pause;
  std::optional<Duration> random_pause;
  bool carry_on = false;

  // Load over time
  std::optional<Duration> duration;
  std::optional<double> rate;  // a second
  std::optional<source::ArrivalPattern> arrivals;
  std::optional<std::uint64_t> seed;
  std::optional<Stages> stages;
  std::optional<Duration> warmup;
  std::optional<Duration> drain;
  std::optional<double> abort_on;  // a share of failures
  std::optional<source::RetryPolicy> retry;
  std::optional<std::uint64_t> retry_limit;
  std::vector<mail::ClientGroup> client;

  // Capacity
  std::optional<std::vector<report::Threshold>> find_rate;
  std::optional<LevelRange> rate_range;  // a second
  std::optional<std::vector<report::Threshold>> find_sessions;
  std::optional<LevelRange> session_range;
  std::optional<Duration> probe;
  std::optional<Duration> confirm;
  std::optional<double> resolution;  // a share
  std::optional<Duration> settle;

  // Parts of one run
  std::optional<PartValue> part;
  std::optional<source::Part> rank;  // which this process is of smtp-source-mpi, and of how many
  std::optional<StartValue> start_at;

  // Envelope and message
  bool lmtp = false;
  std::optional<std::string> hostname;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::size_t> recipients;
  bool number_recipients = false;
  std::optional<mail::RecipientNumber> recipient_number;
  std::optional<std::uint64_t> length;  // bytes
  std::optional<std::string> message_file;
  std::optional<std::string> subject;
  bool old = false;

  // Messages that differ
  std::optional<std::string> scenario;
  std::optional<mail::AddressOrigin> senders;
  std::optional<RecipientsValue> all_recipients;  // --recipients
  std::optional<mail::AddressOrigin> domains;
  std::optional<Distribution> size;  // bytes
  std::optional<std::string> corpus;
  std::optional<std::string> message_template;  // --template
  std::optional<std::string> fields;
  std::vector<std::string> header;
  std::optional<std::uint64_t> show;

  // Extensions
  bool ehlo = false;
  bool if_offered = false;
  bool pipelining = false;
  std::optional<std::size_t> pipeline_window;
  bool chunking = false;
  std::optional<std::uint64_t> chunk_size;  // bytes
  std::optional<std::string> xclient;
  std::optional<std::string> xforward;

  // Parameters of MAIL and RCPT
  std::optional<std::string> body;  // in capitals
  bool smtputf8 = false;
  bool requiretls = false;
  std::optional<std::string> mt_priority;
  std::optional<std::string> dsn_ret;
  std::optional<std::string> dsn_envid;
  std::optional<std::string> dsn_notify;
  bool dsn_orcpt = false;
  std::vector<std::string> mail_param;
  std::vector<std::string> rcpt_param;

  // Authentication
  std::optional<std::string> auth;  // in capitals
  std::optional<std::string> auth_user;
  std::optional<std::string> auth_password_file;
  std::optional<std::string> auth_password;
  std::optional<std::string> auth_users;
  bool auth_in_clear = false;

  // TLS
  std::optional<std::string> sni;
  bool tls_verify = false;
  std::optional<std::string> tls_ca_file;
  std::optional<std::string> tls_ca_dir;
  std::optional<std::vector<std::string>> tls_alpn;
  bool tls_resume = false;

  ReportOptions report;

  // Proof that nothing was lost
  std::optional<std::string> stamp;
  std::optional<std::string> stamp_key;
  bool stamp_body = false;
  std::optional<proof::TokenForm> stamp_recipients;
  bool journal_sync = false;
  std::vector<std::string> sink_journal;

  // What is shown
  bool counter = false;
  bool verbose = false;

  // What several of them say together.
  [[nodiscard]] std::optional<std::size_t> recipient_count() const {
    const auto* const count = all_recipients ? std::get_if<std::size_t>(&*all_recipients) : nullptr;
    return count != nullptr ? *count : recipients;
  }
  [[nodiscard]] const mail::AddressOrigin* recipient_addresses() const {
    return all_recipients ? std::get_if<mail::AddressOrigin>(&*all_recipients) : nullptr;
  }
  [[nodiscard]] bool any_recipient_addresses() const { return recipient_addresses() != nullptr; }
  [[nodiscard]] bool several_recipients() const { return recipient_count().value_or(1) > 1; }
  // More than a journal can tell apart.
  [[nodiscard]] bool countless_recipients() const {
    return recipient_count().value_or(1) > proof::kMostRecipients;
  }
  [[nodiscard]] bool any_recipient_count() const { return recipient_count().has_value(); }
  // Recipients are drawn.
  [[nodiscard]] bool pools() const { return any_recipient_addresses() || domains; }
  [[nodiscard]] bool content() const { return size || corpus || message_template; }
  [[nodiscard]] bool differs() const {
    return scenario || senders || pools() || content() || !header.empty();
  }
  [[nodiscard]] bool misbehaves() const { return !client.empty(); }
  [[nodiscard]] bool searches() const { return find_rate || find_sessions; }
  [[nodiscard]] bool follows() const { return !sink_journal.empty(); }
  [[nodiscard]] bool waits_for_sinks() const { return searches() || follows(); }
  [[nodiscard]] bool logs() const { return !report.log.empty(); }
  [[nodiscard]] bool open_loop() const { return rate || (stages && stages->of_rates) || find_rate; }
  [[nodiscard]] bool stages_of_sessions() const { return stages && !stages->of_rates; }
  [[nodiscard]] bool poisson() const { return arrivals == source::ArrivalPattern::poisson; }
  // It is one of several processes that send one run.
  [[nodiscard]] bool is_part() const { return part || rank; }
  // The seed has something to say.
  [[nodiscard]] bool draws() const { return poisson() || differs() || is_part(); }
  [[nodiscard]] bool pauses() const { return pause || random_pause; }
  // By the clock.
  [[nodiscard]] bool timed() const { return open_loop() || duration || stages || searches(); }
  // Errors are counted, and end nothing.
  [[nodiscard]] bool counts_errors() const { return timed() || retry || misbehaves(); }
  [[nodiscard]] bool outlives_errors() const { return counts_errors() || carry_on; }
  // Whether one of the options of load is used that Postfix's program does not have.
  [[nodiscard]] bool modelled() const {
    return timed() || arrivals || seed || warmup || drain || messages_per_session || abort_on ||
           retry || misbehaves();
  }
  [[nodiscard]] bool one_user() const { return auth_user || auth_password_file || auth_password; }
  [[nodiscard]] bool any_users() const { return one_user() || auth_users; }
  [[nodiscard]] bool named_users() const {
    return auth_users || (auth_user && !auth_user->empty());
  }
  // Those that are asked for or implied.
  [[nodiscard]] smtp::ExtensionSet extensions() const;
  [[nodiscard]] bool says_ehlo() const { return ehlo || !extensions().empty(); }
  [[nodiscard]] bool uses_tls() const { return tls || starttls; }
  [[nodiscard]] bool clients_say_starttls() const { return mail::any_says_starttls(client); }
  // What clients a scenario has is not known before it is read: build_clients() looks then.
  [[nodiscard]] bool may_use_tls() const {
    return uses_tls() || clients_say_starttls() || scenario;
  }
  [[nodiscard]] bool tells_of_tls() const {
    return tls_version || tls_ciphers || tls_groups || tls_cert || tls_key || sni || tls_verify ||
           tls_ca_file || tls_ca_dir || tls_alpn;
  }
};

// Which of them exclude each other, and which need another: all there is of that.
using SourceCombination = Combination<SourceArguments>;
using Source = SourceArguments;

inline constexpr char kClientsSpeakSmtp[] =
    "clients that misbehave speak SMTP: -L cannot be used with them";
inline constexpr char kClientsNeedSessions[] =
    "clients that misbehave are some of -s: --stages of sessions cannot be used with them";
inline constexpr char kClientsNeedTheirSessions[] =
    "clients that misbehave are some of -s: --find-sessions cannot be used with them";
inline constexpr char kSearchSaysLoad[] =
    "--find-rate and --find-sessions say themselves what is sent when: not with --rate, "
    "--duration, --stages or -m";
inline constexpr char kStartTlsInTheClear[] =
    "clients that misbehave by STARTTLS begin in the clear: --tls cannot be used with them";
inline constexpr char kOneContent[] =
    "use only one of --size, --corpus or --template, but no two of them";

inline constexpr SourceCombination kSourceExclusions[] = {
    {has<&Source::length>, has<&Source::message_file>, "-l option cannot be used with -F"},
    {has<&Source::size>, has<&Source::corpus>, kOneContent},
    {has<&Source::size>, has<&Source::message_template>, kOneContent},
    {has<&Source::corpus>, has<&Source::message_template>, kOneContent},
    {has<&Source::any_recipient_addresses>, has<&Source::domains>,
     "--domains and --recipients both say who messages are for: use one of them"},
    {has<&Source::content>, has<&Source::length>,
     "-l option cannot be used with --size, --corpus or --template"},
    {has<&Source::content>, has<&Source::message_file>,
     "-F option cannot be used with --size, --corpus or --template"},
    {has<&Source::content>, has<&Source::subject>,
     "-S option cannot be used with --size, --corpus or --template"},
    {has<&Source::senders>, has<&Source::from>, "-f option cannot be used with --senders"},
    {has<&Source::any_recipient_addresses>, has<&Source::to>,
     "-t option cannot be used with addresses of --recipients"},
    {has<&Source::domains>, has<&Source::several_recipients>,
     "--domains gives all recipients of a message the same name: with more of them use "
     "--recipients"},
    {has<&Source::pools>, has<&Source::number_recipients>,
     "-N option cannot be used with --domains or addresses of --recipients"},
    {has<&Source::old>, has<&Source::differs>,
     "-o sends no headers: it cannot be used where messages differ"},
    {has<&Source::tls>, has<&Source::starttls>,
     "use only one of --tls or --starttls, but not both"},
    {has<&Source::one_user>, has<&Source::auth_users>,
     "use only one of --auth-user or --auth-users, but not both"},
    {has<&Source::old>, has<&Source::says_ehlo>,
     "-o sends no EHLO: it cannot be used with extensions"},
    {has<&Source::stages>, has<&Source::rate>,
     "--stages says rates and times itself: not with --rate or --duration"},
    {has<&Source::stages>, has<&Source::duration>,
     "--stages says rates and times itself: not with --rate or --duration"},
    {has<&Source::open_loop>, has<&Source::pauses>,
     "-w and -R cannot be used with a rate, which says when messages are due"},
    {has<&Source::stages_of_sessions>, has<&Source::sessions>,
     "--stages of sessions says how many: not with -s"},
    {has<&Source::misbehaves>, has<&Source::lmtp>, kClientsSpeakSmtp},
    {has<&Source::misbehaves>, has<&Source::stages_of_sessions>, kClientsNeedSessions},
    {has<&Source::clients_say_starttls>, has<&Source::tls>, kStartTlsInTheClear},
    {has<&Source::stamp>, has<&Source::old>,
     "-o sends no headers: it cannot be used with --stamp, which is one"},
    {has<&Source::stamp>, has<&Source::countless_recipients>,
     "--stamp tells at most 65,535 recipients of a message apart (-r)"},
    {has<&Source::pause>, has<&Source::random_pause>,
     "do not use -w and -R options at the same time"},
    {has<&Source::find_rate>, has<&Source::find_sessions>,
     "use only one of --find-rate or --find-sessions, but not both"},
    {has<&Source::searches>, has<&Source::rate>, kSearchSaysLoad},
    {has<&Source::searches>, has<&Source::duration>, kSearchSaysLoad},
    {has<&Source::searches>, has<&Source::stages>, kSearchSaysLoad},
    {has<&Source::searches>, has<&Source::messages>, kSearchSaysLoad},
    {has<&Source::find_sessions>, has<&Source::sessions>,
     "--find-sessions says how many: not with -s"},
    {has<&Source::find_sessions>, has<&Source::misbehaves>, kClientsNeedTheirSessions},
    {has<&Source::searches>, has<&Source::part>,
     "--part is of one run: it cannot be used with --find-rate or --find-sessions, which make "
     "many"},
    {has<&Source::searches>, has<&Source::start_at>,
     "--start-at is of one run: it cannot be used with --find-rate or --find-sessions, which make "
     "many"},
    {has<&Source::searches>, has<&Source::abort_on>,
     "a search has to see what fails: --abort-on cannot be used with --find-rate or "
     "--find-sessions"},
    {has<&Source::searches>, has<&Source::logs>,
     "--log is of one run: it cannot be used with --find-rate or --find-sessions, which make many"},
    {has<&Source::searches>, has<&Source::counter>,
     "-c counts one run: it cannot be used with --find-rate or --find-sessions, which make many"},
};

inline constexpr SourceCombination kSourceNeeds[] = {
    {has<&Source::bind_ports>, has<&Source::bind>, "--bind-ports needs addresses (--bind)"},
    {has<&Source::proxy_source>, has<&Source::proxy_protocol>,
     "--proxy-source needs --proxy-protocol"},
    {has<&Source::tls_verify>, has<&Source::may_use_tls>, "--tls-verify needs --starttls or --tls"},
    {has<&Source::tls_ca_file>, has<&Source::may_use_tls>,
     "--tls-ca-file needs --starttls or --tls"},
    {has<&Source::tls_ca_dir>, has<&Source::may_use_tls>, "--tls-ca-dir needs --starttls or --tls"},
    {has<&Source::sni>, has<&Source::may_use_tls>, "--sni needs --starttls or --tls"},
    {has<&Source::tls_alpn>, has<&Source::may_use_tls>, "--tls-alpn needs --starttls or --tls"},
    {has<&Source::tls_resume>, has<&Source::uses_tls>, "--tls-resume needs --starttls or --tls"},
    {has<&Source::tls_cert>, has<&Source::may_use_tls>, "--tls-cert needs --starttls or --tls"},
    {has<&Source::tls_key>, has<&Source::may_use_tls>, "--tls-key needs --starttls or --tls"},
    {has<&Source::tls_version>, has<&Source::may_use_tls>,
     "--tls-version needs --starttls or --tls"},
    {has<&Source::tls_ciphers>, has<&Source::may_use_tls>,
     "--tls-ciphers needs --starttls or --tls"},
    {has<&Source::tls_groups>, has<&Source::may_use_tls>, "--tls-groups needs --starttls or --tls"},
    {has<&Source::any_users>, has<&Source::auth>, "users without a mechanism: expected --auth"},
    {has<&Source::auth_in_clear>, has<&Source::auth>, "--auth-in-clear needs a mechanism (--auth)"},
    {has<&Source::auth>, has<&Source::named_users>,
     "--auth needs --auth-user with --auth-password-file, or --auth-users"},
    {has<&Source::arrivals>, has<&Source::open_loop>,
     "--arrivals needs --rate, --stages of rates, or --find-rate"},
    {has<&Source::seed>, has<&Source::draws>,
     "--seed needs something that is drawn: --arrivals poisson, or messages that differ; or "
     "--part"},
    {has<&Source::part>, has<&Source::seed>,
     "--part needs --seed, one number for all parts: by it they are of one run"},
    {has<&Source::fields>, has<&Source::message_template>, "--fields needs --template"},
    {has<&Source::abort_on>, has<&Source::outlives_errors>,
     "--abort-on needs --rate, --duration, --stages or --retry, or -A: the first error ends "
     "others"},
    {has<&Source::retry_limit>, has<&Source::retry>, "--retry-limit needs --retry"},
    {has<&Source::stamp_key>, has<&Source::stamp>, "--stamp-key needs --stamp"},
    {has<&Source::stamp_body>, has<&Source::stamp>, "--stamp-body needs --stamp"},
    {has<&Source::stamp_recipients>, has<&Source::stamp>, "--stamp-recipients needs --stamp"},
    {has<&Source::journal_sync>, has<&Source::stamp>, "--journal-sync needs --stamp"},
    {has<&Source::follows>, has<&Source::stamp>,
     "--sink-journal needs --stamp, by which sinks know the messages of this run"},
    {has<&Source::rate_range>, has<&Source::find_rate>, "--rate-range needs --find-rate"},
    {has<&Source::session_range>, has<&Source::find_sessions>,
     "--session-range needs --find-sessions"},
    {has<&Source::probe>, has<&Source::searches>, "--probe needs --find-rate or --find-sessions"},
    {has<&Source::confirm>, has<&Source::searches>,
     "--confirm needs --find-rate or --find-sessions"},
    {has<&Source::resolution>, has<&Source::searches>,
     "--resolution needs --find-rate or --find-sessions"},
    {has<&Source::settle>, has<&Source::waits_for_sinks>,
     "--settle needs --find-rate, --find-sessions or --sink-journal"},
};

}  // namespace millrace::cli
