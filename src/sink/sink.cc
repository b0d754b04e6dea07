#include "sink/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "http/server.h"
#include "net/socket.h"
#include "sink/answers/answerer.h"
#include "sink/control/control.h"
#include "sink/descriptors.h"
#include "sink/listening_sockets.h"
#include "sink/privileges.h"
#include "sink/recordings.h"
#include "sink/store/stores.h"
#include "sink/verify/verification.h"
#include "sink/worker.h"
#include "threads/worker_threads.h"

namespace millrace::sink {
namespace {

// How often it is looked whether all answers are sent, in a sink that only waits for that.
constexpr std::chrono::seconds kAnswersWatch{1};

// How often it is looked whether the program is to end before the sink begins.
constexpr std::chrono::milliseconds kStartWatch{50};

// When this sink begins, with its fellows.
std::chrono::system_clock::time_point begin_together(const Fellows& fellows,
                                                     const threads::SignalWatch& signals) {
  using std::chrono::system_clock;
  const auto start = fellows.agree_on_start ? fellows.agree_on_start() : std::nullopt;
  if (!start) return system_clock::now();
  while (signals.first() == 0) {
    const Duration left = *start - system_clock::now();
    if (left <= Duration::zero()) break;
    std::this_thread::sleep_for(std::min<Duration>(left, kStartWatch));
  }
  return *start;
}

SinkState state_of(const Quotas& quotas, const Idleness* idleness, const AnswerQueue* answers) {
  SinkState state{.totals = quotas.totals()};
  if (idleness == nullptr) return state;
  state.busy = idleness->anybody() || (answers != nullptr && answers->totals().unsent > 0);
  state.last_end = idleness->last_end();
  return state;
}

// Sleeps until all workers have ended. Meanwhile shows the counters, if there are any, tells what
// was verified, ends the workers when they have been idle for too long and no answer is to be sent,
// and reads the rules again when that is `wanted`. `look`: called now and then, if there is
// anything.
void wait_for_end(threads::WorkerThreads& workers, const Quotas& quotas, CounterLine* counters,
                  Verification* verification, const Idleness* idleness, const AnswerQueue* answers,
                  RuleBook& rules, std::atomic<bool>& wanted, const std::function<void()>& look) {
  const auto next = [&workers, counters, verification, idleness, answers, &look] {
    const TimePoint now = Clock::now();
    TimePoint first = TimePoint::max();
    if (verification != nullptr) first = verification->tell(now);
    if (counters != nullptr) first = std::min(first, now + CounterLine::kInterval);
    if (look) first = std::min(first, now + Fellows::kInterval);
    if (idleness == nullptr) return first;
    if (const auto end = idleness->lasts_until(now)) return std::min(first, *end);
    // Only sessions ask for answers, and there is none.
    if (answers != nullptr && answers->totals().unsent > 0) {
      return std::min(first, now + kAnswersWatch);
    }
    workers.end(threads::Urgency::orderly);
    return first;
  };
  while (!workers.wait_until(next())) {
    if (wanted.exchange(false) && rules.reload()) workers.wake_all();
    if (look) look();
    if (counters != nullptr) counters->show(quotas.totals().shown());
  }
}

std::string describe_handshakes(const Quotas::Totals& totals) {
  return fmt::format("TLS: {} handshake{}, {} resumed, {} with a client certificate",
                     totals.handshakes, plural(totals.handshakes), totals.resumptions,
                     totals.client_certificates);
}

// Their endpoint is looked up with the network's files at hand, before the root directory changes;
// a unix path is looked up when it is connected to.
std::optional<AnswererOptions> answerer_options(const SinkOptions& options) {
  if (!options.answers) return std::nullopt;
  return AnswererOptions{.addresses = net::resolve(options.answers->endpoint, AF_UNSPEC, false),
                         .host_name = options.listeners.front().profile.host_name,
                         .rate = options.answers->rate};
}

metrics::Answers count(const AnswerTotals& totals) {
  metrics::Answers answers{.queued = totals.queued + totals.dropped,
                           .sent = totals.sent,
                           .failed = totals.given_up,
                           .dropped = totals.dropped,
                           .unsent = totals.unsent,
                           .not_allowed = totals.not_allowed};
  for (const auto& [code, times] : totals.refused) answers.refused += times;
  return answers;
}

// What was measured besides what the recorders have: how often rules were used, what was answered.
void add_rules(RuleBook& rules, const AnswerQueue* answers, metrics::Measurement& measured) {
  for (const auto& [name, hits] : rules.in_force().hits()) measured.rules.push_back({name, hits});
  measured.keys_forgotten = rules.windows().forgotten();
  if (answers != nullptr) measured.answers = count(answers->totals());
}

// Who may come in there: whether the sink is well is no secret, and the page has no data: it asks
// its reader for the token. Other sites may have links to what is read by people.
http::Access access_to(const HttpOptions& options) {
  return {.token = options.token,
          .without_token = {"/", "/healthz"},
          .linked = {"/", "/healthz", "/metrics"}};
}

void tell_places(const http::Server& server) {
  for (const net::SocketAddress& address : server.addresses()) {
    inform("HTTP at " + address.text());
  }
}

}  // namespace

SinkResult run_sink(const SinkOptions& options, const Identity& identity,
                    threads::SignalWatch& signals, const Fellows& fellows) {
  const std::size_t descriptor_limit = net::raise_descriptor_limit();
  // Files are read with the rights of the one who started it.
  std::optional<net::TlsContext> tls;
  if (options.tls) tls = net::TlsContext::for_server(*options.tls);
  std::optional<FaultyCertificates> faulty;
  if (options.tls && (!options.rule_files.empty() || options.http)) {
    faulty.emplace(*options.tls, *tls);
  }
  RuleBook rules(options);
  const std::vector<OpenListener> listeners(options.listeners.begin(), options.listeners.end());
  const ListeningSockets sockets(options, listeners);
  std::optional<AnswererOptions> answerer = answerer_options(options);
  std::optional<LintTotals> lint;
  if (options.lint) lint.emplace(*options.lint);
  std::optional<Verification> verification;
  if (options.verify) verification.emplace(*options.verify, listeners, sockets.addresses());
  std::optional<http::Server> server;
  if (options.http) server.emplace(options.http->endpoint, access_to(*options.http));
  if (server && options.verbose) tell_places(*server);
  confine(options.root_directory, identity);

  std::unique_ptr<AppendLog> append_log;
  if (options.capture.mode == CaptureOptions::Mode::append) {
    append_log = std::make_unique<AppendLog>();
  }
  std::optional<Stores> stores;
  if (!options.stores.targets.empty()) stores.emplace(options.stores);
  std::optional<AnswerQueue> answers;
  if (answerer) answers.emplace();
  threads::WorkerThreads workers(options.threads + (answers ? 1 : 0), signals);
  Quotas quotas(
      options.message_quota, options.quit_quota,
      [&workers] { workers.end(threads::Urgency::orderly); }, fellows.quotas);
  std::optional<CounterLine> counters;
  if (options.show_counters) counters.emplace(Quotas::Totals{}.shown());
  SessionLimit places(session_limit(descriptor_limit, options));
  std::optional<Idleness> idleness;
  if (options.stop_when_idle) idleness.emplace(*options.stop_when_idle);
  const auto start = begin_together(fellows, signals);
  std::optional<Recordings> recordings;
  if (options.measure) recordings.emplace(options.threads, start);
  std::optional<LiveCounts> live;
  if (server) live.emplace([&workers] { workers.wake_all(); });
  std::atomic<bool> told_pause = false;
  const Shared shared{.options = options,
                      .tls = tls ? &*tls : nullptr,
                      .append_log = append_log.get(),
                      .stores = stores ? &*stores : nullptr,
                      .answers = answers ? &*answers : nullptr,
                      .quotas = quotas,
                      .session_limit = places,
                      .idleness = idleness ? &*idleness : nullptr,
                      .recordings = recordings ? &*recordings : nullptr,
                      .live = live ? &*live : nullptr,
                      .rules = rules,
                      .faulty_certificates = faulty ? &*faulty : nullptr,
                      .verification = verification ? &*verification : nullptr,
                      .lint = lint ? &*lint : nullptr,
                      .told_pause = told_pause};

  workers.start([&](unsigned number) -> std::unique_ptr<threads::Worker> {
    if (number == options.threads) {  // the one behind the last of the sink's own
      return std::make_unique<Answerer>(*options.engine, *answers, std::move(*answerer));
    }
    return std::make_unique<Worker>(shared, sockets.of_worker(number),
                                    [&workers] { workers.wake_all(); });
  });
  std::atomic<bool> reload_wanted = false;
  if (rules.from_files()) {
    signals.hand_on_hangup([&] {
      reload_wanted = true;
      workers.poke();
    });
  }
  workers.go();
  std::optional<Control> control;
  if (server) {
    try {
      control.emplace(*server, Api::Parts{.server = *server,
                                          .live = *live,
                                          .rules = rules,
                                          .verification = verification ? &*verification : nullptr,
                                          .lint = lint ? &*lint : nullptr,
                                          .messages = stores ? stores->memory() : nullptr});
    } catch (const Fatal& /*no thread is left*/) {
      signals.hand_on_hangup({});
      workers.end(threads::Urgency::at_once);
      workers.join();
      throw;
    }
  }
  AnswerQueue* const unsent = answers ? &*answers : nullptr;
  Idleness* const watched = idleness ? &*idleness : nullptr;
  std::function<void()> look;
  if (fellows.watch) look = [&] { fellows.watch(state_of(quotas, watched, unsent)); };
  wait_for_end(workers, quotas, counters ? &*counters : nullptr,
               verification ? &*verification : nullptr, look ? nullptr : watched, unsent, rules,
               reload_wanted, look);
  control.reset();
  if (counters) counters->end(quotas.totals().shown());
  if (options.verbose && options.tls) inform(describe_handshakes(quotas.totals()));
  signals.hand_on_hangup({});
  workers.join();
  if (look) look();
  SinkResult result;
  if (verification) result.journal_whole = verification->finish();
  if (lint) lint->finish();
  if (!recordings) return result;
  result.measurement = recordings->measurement();
  if (verification) result.measurement.verify = std::move(verification->found());
  if (lint) result.measurement.lint = lint->found();
  add_rules(rules, answers ? &*answers : nullptr, result.measurement);
  return result;
}

}  // namespace millrace::sink
