#include "cli/report_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/diagnostics.h"
#include "cli/text_values.h"
#include "report/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/summary.h"
#include "report/tables.h"

namespace millrace::cli {
namespace {

void add_common(OptionGroup& group, ReportOptions& options) {
  group.flag("--summary", "at the end, a summary on standard output", options.summary);
  group.value("--json", "FILE", "all that was measured, as JSON (-: standard\noutput)",
              options.json);
}

// The command line as others may read it.
std::vector<std::string> public_words(int argc, const char* const* argv) {
  const std::string secret = "--auth-password";
  std::vector<std::string> words(argv, argv + argc);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == secret && i + 1 < words.size()) words[i + 1] = "...";
    if (words[i].starts_with(secret + "=")) words[i] = secret + "=...";
  }
  return words;
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> ReportOptions::files() const {
  return {{"--json", json},          {"--html", html}, {"--csv", csv},
          {"--hlog", histogram_log}, {"--log", log},   {"--stamp", journal}};
}

bool ReportOptions::on_standard_output() const {
  const auto named = files();
  return std::any_of(named.begin(), named.end(),
                     [](const auto& file) { return file.second == "-"; });
}

void ReportOptions::check(bool counter) const {
  std::vector<std::pair<std::string_view, std::string_view>> written;
  if (summary) written.emplace_back("--summary", "-");
  if (counter) written.emplace_back("-c", "-");
  for (const auto& [option, path] : files()) {
    for (const auto& [other, taken] : written) {
      if (path.empty() || path != taken || path == "/dev/null") continue;
      throw Fatal(fmt::format("{} and {} cannot both be written to {}", other, option,
                              path == "-" ? "standard output" : path));
    }
    written.emplace_back(option, path);
  }
}

bool ReportOptions::wanted() const {
  return summary || !json.empty() || !histogram_log.empty() || !csv.empty() || !html.empty() ||
         !thresholds.empty() || progress.value_or(Progress::off) != Progress::off;
}

void add_report_options(CommandLine& line, ReportOptions& options) {
  OptionGroup group(line, "Measurement (options of load over time imply --summary)");
  add_common(group, options);
  group.value("--html", "FILE", "the same as a page with plots", options.html);
  group.value("--csv", "FILE", "a line a second", options.csv);
  group.value("--hlog", "FILE", "a histogram a second, HdrHistogram's log", options.histogram_log);
  group.value("--log", "FILE",
              "a line a message as it ends, in JSON;\nas CSV where FILE ends in .csv", options.log,
              some_text);
  group.each(
      "--threshold", "TEXT", "exit with 3 unless so, as p99<250ms,\nerrors<0.1%, rate>=1000/s",
      options.thresholds,
      [](const std::string& text, std::string_view /*names*/) { return report::Threshold(text); });
  using Progress = ReportOptions::Progress;
  group.value("--progress", "HOW", "off, line or live, on standard error", options.progress,
              one_of<Progress>(
                  "progress",
                  {{"off", Progress::off}, {"line", Progress::line}, {"live", Progress::live}}));
}

void add_sink_report_options(OptionGroup& group, ReportOptions& options) {
  add_common(group, options);
}

std::unique_ptr<report::Progress> make_progress(const ReportOptions& options) {
  using Progress = ReportOptions::Progress;
  const Progress usual = !options.summary             ? Progress::off
                         : isatty(STDERR_FILENO) == 1 ? Progress::live
                                                      : Progress::line;
  switch (options.progress.value_or(usual)) {
    case Progress::line:
      return std::make_unique<report::ProgressLines>();
    case Progress::live:
      return std::make_unique<report::LiveView>(report::Style::of(STDERR_FILENO));
    case Progress::off:
      break;
  }
  return nullptr;
}

report::Run describe_run(report::Run::Kind kind, int argc, const char* const* argv,
                         const net::Engine& engine, unsigned threads) {
  const std::string name(report::kKindNames[static_cast<std::size_t>(kind)]);
  report::Run run{.kind = kind,
                  .program = describe_program("smtp-" + name),
                  .command_line = public_words(argc, argv),
                  .environment = report::Environment::here()};
  run.environment.engine = engine.name;
  run.environment.threads = threads;
  return run;
}

struct Reports::File {
  report::OutputFile file;
  std::string (*text_of)(const report::Run& run);
};

Reports::Reports(const ReportOptions& options, report::OutputFile::How how) : options_(options) {
  const auto add = [&](const std::string& path, std::string (*text_of)(const report::Run&)) {
    if (path.empty()) return;
    files_.push_back(std::unique_ptr<File>(new File{{path, how}, text_of}));
  };
  add(options.json, report::to_json);
  add(options.csv, report::to_csv);
  add(options.histogram_log, report::to_histogram_log);
  add(options.html, report::to_html);
}

Reports::~Reports() = default;

void Reports::deliver(report::Run& run) {
  for (const report::Threshold& threshold : options_.thresholds) {
    run.verdicts.push_back(threshold.judge(run.measurement));
  }
  std::optional<Fatal> failure;
  for (const auto& file : files_) {
    try {
      file->file.write(file->text_of(run));
    } catch (const Fatal& error) {
      if (failure) report_fatal(failure->what());
      failure = error;
    }
  }
  if (options_.summary) {
    report::write_file("-", report::summary(run, report::Style::of(STDOUT_FILENO)));
  } else {
    for (const report::Verdict& one : run.verdicts) {
      if (!one.passed) warn(fmt::format("threshold failed: {}: {}", one.threshold, one.value));
    }
  }
  if (failure) throw Fatal(*failure);
}

}  // namespace millrace::cli
