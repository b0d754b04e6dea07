#include "sample_run.h"

#include <random>

#include "base/diagnostics.h"

namespace millrace::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kStart = std::chrono::system_clock::time_point(1'700'000'000s);

}  // namespace

report::Run sample_run(std::uint64_t seconds, double milliseconds, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> any(milliseconds, milliseconds * 1.1);
  report::Run run{
      .program = "smtp-source (Millrace) test",
      .command_line = {"smtp-source", "127.0.0.1:25"},
      .settings = {{"to", "127.0.0.1:25"}, {"load", "closed loop"}},
      .environment = {
          .host = "h", .kernel = "Linux", .cpu = "c", .cores = 2, .engine = "epoll", .threads = 1}};
  metrics::Measurement& measured = run.measurement;
  measured.start = kStart;
  measured.elapsed = measured.measured = std::chrono::seconds(seconds);
  metrics::Metrics& total = measured.total;
  for (std::uint64_t second = 0; second < seconds; ++second) {
    metrics::Histogram intended;
    for (int i = 0; i < 100; ++i) {
      const auto took =
          std::chrono::round<Duration>(std::chrono::duration<double, std::milli>(any(random)));
      intended.record(took);
      total.service.record(took);
      total[metrics::LatencyPhase::mail].record(took / 4);
      total.replies.count(smtp::index(smtp::Verb::mail), 250, "250 2.1.0 Ok");
    }
    total.intended.add(intended);
    metrics::Row row{.number = second, .asked = 100, .stage = "run"};
    row.counters.started = row.counters.delivered = row.counters.recipients = 100;
    row.hold(intended);
    total.counters.add(row.counters);
    measured.series.push_back(row);
  }
  total.counters.sessions_opened = 5;
  measured.stages = {{.name = "run", .length = std::chrono::seconds(seconds), .metrics = total}};
  measured.generator.busy = {0.5};
  measured.generator.run_delay = {0.1};
  return run;
}

report::Run sample_sink(std::uint64_t seconds) {
  report::Run run = sample_run(seconds, 5);
  run.kind = report::Run::Kind::sink;
  run.program = "smtp-sink (Millrace) test";
  metrics::Measurement& measured = run.measurement;
  measured.stages.clear();
  measured.generator = {};
  metrics::Metrics& total = measured.total;
  total = {.counters = total.counters, .replies = total.replies};
  total[metrics::LatencyPhase::session].record(250ms);
  measured.rules = {{.name = "greylisting", .hits = 12'345},
                    {.name = "outage", .hits = 0},
                    {.name = "big-is-strict", .hits = 7}};
  measured.keys_forgotten = 1'234;
  measured.answers = {.queued = 1'050,
                      .sent = 1'000,
                      .refused = 20,
                      .failed = 15,
                      .dropped = 10,
                      .unsent = 5,
                      .not_allowed = 3};
  return run;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Fatal& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace millrace::test
