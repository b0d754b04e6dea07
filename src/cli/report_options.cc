#include "cli/report_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "base/diagnostics.h"
#include "cli/version.h"
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
              [&options](const std::string& path) { options.json = path; });
}

}  // namespace

bool ReportOptions::wanted() const {
  return summary || !json.empty() || !histogram_log.empty() || !csv.empty() || !html.empty() ||
         !thresholds.empty() || progress.value_or(Progress::off) != Progress::off;
}

void add_report_options(CommandLine& line, ReportOptions& options) {
  OptionGroup group(line, "Measurement (options of load over time imply --summary)");
  add_common(group, options);
  group.value("--html", "FILE", "the same as a page with plots",
              [&options](const std::string& path) { options.html = path; });
  group.value("--csv", "FILE", "a line a second",
              [&options](const std::string& path) { options.csv = path; });
  group.value("--hlog", "FILE", "a histogram a second, HdrHistogram's log",
              [&options](const std::string& path) { options.histogram_log = path; });
  group.each_value("--threshold", "TEXT",
                   "exit with 3 unless so, as p99<250ms,\nerrors<0.1%, rate>=1000/s",
                   [&options](const std::string& text) { options.thresholds.emplace_back(text); });
  group.value("--progress", "HOW", "off, line or live, on standard error",
              [&options](const std::string& how) {
                using Progress = ReportOptions::Progress;
                if (how != "off" && how != "line" && how != "live") {
                  reject("progress", how, "--progress", "expected off, line or live");
                }
                options.progress = how == "off"    ? Progress::off
                                   : how == "line" ? Progress::line
                                                   : Progress::live;
              });
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

std::string describe_program(const std::string& name) {
  return fmt::format("{} (Millrace) {}", name, kVersion);
}

void deliver(report::Run& run, const ReportOptions& options) {
  for (const report::Threshold& threshold : options.thresholds) {
    run.verdicts.push_back(threshold.judge(run.measurement));
  }
  struct File {
    const std::string& path;
    std::function<std::string(const report::Run&)> made;
  };
  const std::array<File, 4> files = {{{options.json, report::to_json},
                                      {options.csv, report::to_csv},
                                      {options.histogram_log, report::to_histogram_log},
                                      {options.html, report::to_html}}};
  std::string failure;
  for (const File& file : files) {
    if (file.path.empty()) continue;
    try {
      report::write_file(file.path, file.made(run));
    } catch (const Fatal& error) {
      if (!failure.empty()) report_fatal(failure);
      failure = error.what();
    }
  }
  if (options.summary) {
    report::write_file("-", report::summary(run, report::Style::of(STDOUT_FILENO)));
  } else if (!run.thresholds_passed()) {
    for (const report::Verdict& one : run.verdicts) {
      if (!one.passed) warn(fmt::format("threshold failed: {}: {}", one.threshold, one.value));
    }
  }
  if (!failure.empty()) throw Fatal(failure);
}

}  // namespace millrace::cli
