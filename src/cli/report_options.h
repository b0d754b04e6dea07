#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "net/event_loop.h"
#include "report/file.h"
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
  std::string log;      // of the source: written by the run itself, and nothing is measured for it
  std::string journal;  // the same
  std::vector<report::Threshold> thresholds;
  std::optional<Progress> progress;

  // Whether something has to be measured for it.
  [[nodiscard]] bool wanted() const;

  // A summary that nobody asked for goes where nothing else is to be written.
  void imply_summary() { summary = summary || !on_standard_output(); }
  // Throws Fatal when two would be written to the same place. `counter`: -c is shown.
  void check(bool counter) const;

 private:
  // The options that name a file, with their files.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> files() const;
  [[nodiscard]] bool on_standard_output() const;
};

// The options of the source, and those of them that the sink has.
void add_report_options(CommandLine& line, ReportOptions& options);
void add_sink_report_options(OptionGroup& group, ReportOptions& options);

// The one that was asked for, or suits standard error; null for none.
std::unique_ptr<report::Progress> make_progress(const ReportOptions& options);

// A run with what is known of it before it begins: the program, the machine, the command line
// without passwords.
report::Run describe_run(report::Run::Kind kind, int argc, const char* const* argv,
                         const net::Engine& engine, unsigned threads);

// The files that were asked for, opened before the run; and the summary.
class Reports {
 public:
  // `how`: the files are written. Throws Fatal for one that cannot be created.
  Reports(const ReportOptions& options, report::OutputFile::How how);
  ~Reports();

  // Judges the thresholds and writes everything. Throws Fatal when a file could not be written,
  // after the others were.
  void deliver(report::Run& run);

 private:
  struct File;

  const ReportOptions& options_;
  std::vector<std::unique_ptr<File>> files_;
};

}  // namespace millrace::cli
