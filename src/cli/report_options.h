#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "report/progress.h"
#include "report/run.h"
#include "report/threshold.h"

namespace millrace::cli {

// What is to be told of a run. Files are named by their paths, "-" for standard output.
struct ReportOptions {
  enum class Progress : std::uint8_t { off, line, live };

  bool summary = false;
  std::string json;
  std::string histogram_log;
  std::string csv;
  std::string html;
  std::vector<report::Threshold> thresholds;
  std::optional<Progress> progress;

  // Whether something has to be measured for it.
  [[nodiscard]] bool wanted() const;
};

// The options of the source, and those of them that the sink has.
void add_report_options(CommandLine& line, ReportOptions& options);
void add_sink_report_options(OptionGroup& group, ReportOptions& options);

// The one that was asked for, or suits standard error; null for none.
std::unique_ptr<report::Progress> make_progress(const ReportOptions& options);

// "smtp-source (Millrace) 1.0".
std::string describe_program(const std::string& name);

// Judges the thresholds and writes everything that was asked for. Throws Fatal when a file could
// not be written, after the others were.
void deliver(report::Run& run, const ReportOptions& options);

}  // namespace millrace::cli
