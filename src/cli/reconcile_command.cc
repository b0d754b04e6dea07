#include "cli/reconcile_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "cli/file_names.h"
#include "cli/text_values.h"
#include "proof/journal_reader.h"
#include "proof/reconcile.h"
#include "report/file.h"
#include "report/proof/fault_table.h"
#include "report/proof/fault_words.h"
#include "report/proof/proof_html.h"
#include "report/proof/proof_json.h"
#include "report/proof/proof_summary.h"

namespace millrace::cli {
namespace {

constexpr int kFaultFound = 5;  // exit status

using FaultWords = std::vector<const report::FaultWord*>;

struct ReconcileArguments {
  std::vector<std::string> journals;
  std::optional<std::vector<std::string>> taken;  // behind "--"
  Duration late_after = std::chrono::seconds(60);
  Duration clock_offset{};
  std::string json;
  std::string csv;
  std::string html;
  FaultWords fail_on;

  [[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> files() const {
    return {{"--json", json}, {"--csv", csv}, {"--html", html}};
  }
};

// A time that may be less than nothing.
Duration signed_time(const std::string& text, std::string_view names) {
  const bool negative = text.starts_with('-');
  const auto time = duration(std::string_view(text).substr(negative ? 1 : 0));
  if (!time) reject("offset", text, names, "expected a time such as 250ms or -1.5s");
  return negative ? -*time : *time;
}

FaultWords fault_list(const std::string& text, std::string_view names) {
  FaultWords words;
  std::vector<std::string_view> expected;
  for (const report::FaultWord& one : report::fault_words()) expected.push_back(one.word);
  for (const std::string& item : list_items(text, names)) {
    const std::size_t before = words.size();
    for (const report::FaultWord& one : report::fault_words()) {
      if (one.word == item) words.push_back(&one);
    }
    if (words.size() == before) reject("fault", item, names, "expected " + alternatives(expected));
  }
  return words;
}

struct JournalPaths {
  std::vector<std::string> sent;
  std::vector<std::string> taken;
};

// Whether two paths lead to one file, by whatever names, or would if it were there. "-" is none.
bool same_file(std::string_view one, std::string_view other) {
  if (one == other) return true;
  if (one.empty() || other.empty() || one == "-" || other == "-") return false;
  namespace fs = std::filesystem;
  std::error_code failed;  // is the same as another file
  if (fs::equivalent(one, other, failed)) return true;
  const fs::path whole = fs::weakly_canonical(fs::absolute(one, failed), failed);
  return !failed && whole == fs::weakly_canonical(fs::absolute(other, failed), failed);
}

// What is written over a journal is the end of it, and two reports in one file would be neither.
void check_files(const ReconcileArguments& arguments, const JournalPaths& paths) {
  const auto files = arguments.files();
  for (auto one = files.begin(); one != files.end(); ++one) {
    const auto& [option, file] = *one;
    if (file.empty() || file == "/dev/null") continue;
    for (const auto& side : {paths.sent, paths.taken}) {
      for (const std::string& journal : side) {
        if (!same_file(file, journal)) continue;
        throw Fatal(fmt::format("{} would be written over the journal {}", option, journal));
      }
    }
    for (auto other = one + 1; other != files.end(); ++other) {
      if (!same_file(file, other->second)) continue;
      throw Fatal(fmt::format("{} and {} cannot both be written to {}", option, other->first,
                              file == "-" ? "standard output" : file));
    }
  }
}

// Which journals are whose: as "--" says, else as their headers do.
JournalPaths journal_paths(const ReconcileArguments& arguments) {
  JournalPaths paths;
  if (arguments.taken) {
    for (const std::string& name : *arguments.taken) {
      if (!name.starts_with("--")) continue;
      throw Fatal(beginning(name) + ": behind a -- all are journals, and options come ahead of it");
    }
    paths = {matching_files(arguments.journals), matching_files(*arguments.taken)};
  } else {
    for (std::string& path : matching_files(arguments.journals)) {
      const bool sent = proof::side_of(path) == proof::Side::sent;
      (sent ? paths.sent : paths.taken).push_back(std::move(path));
    }
  }
  if (paths.sent.empty() && paths.taken.empty()) {
    throw Fatal("missing files: which journals are to be reconciled? (see smtp-report --help)");
  }
  const auto need = [&](const std::vector<std::string>& some, std::string_view whose) {
    if (!some.empty()) return;
    throw Fatal(fmt::format("no journal of a {}, where those of both sides are needed{}", whose,
                            arguments.taken ? "" : ": all that are given are of the other side"));
  };
  need(paths.sent, "source");
  need(paths.taken, "sink");
  return paths;
}

// The files of a report, which are opened before the work begins.
class ProofFiles {
 public:
  explicit ProofFiles(const ReconcileArguments& arguments) {
    if (!arguments.json.empty()) json_.emplace(arguments.json, report::OutputFile::How::replace);
    if (!arguments.csv.empty()) table_.emplace(arguments.csv);
    if (!arguments.html.empty()) page_.emplace(arguments.html, report::OutputFile::How::replace);
  }

  void add(const proof::Fault& fault) {
    first_.add(fault);
    if (table_) table_->add(fault);
  }
  void finish(report::ProofReport& report) {
    report.first_faults = first_.take();
    if (table_) table_->finish();
    if (json_) json_->write(report::to_json(report));
    if (page_) page_->write(report::to_html(report));
  }

 private:
  report::FirstFaults first_;
  std::optional<report::OutputFile> json_;
  std::optional<report::FaultTable> table_;
  std::optional<report::OutputFile> page_;
};

// What could not be found is no reason to pass, either.
int fail_on(const FaultWords& words, const proof::Reconciliation& result) {
  bool failed = false;
  std::string said;
  for (const report::FaultWord* const one : words) {
    const std::uint64_t number = one->count(result.counts);
    const std::string missing = report::unproven(result, *one);
    if (number == 0 && missing.empty()) continue;
    failed = true;
    if (number > 0) {
      warn(fmt::format("{}: {}", one->said, number));
    } else if (std::exchange(said, missing) != missing) {
      warn(missing);
    }
  }
  return failed ? kFaultFound : EXIT_SUCCESS;
}

std::vector<std::string> shown_command(const JournalPaths& paths) {
  std::vector<std::string> words = {"smtp-report", "reconcile"};
  words.insert(words.end(), paths.sent.begin(), paths.sent.end());
  words.emplace_back("--");
  words.insert(words.end(), paths.taken.begin(), paths.taken.end());
  return words;
}

int reconcile_journals(const ReconcileArguments& arguments) {
  const JournalPaths paths = journal_paths(arguments);
  check_files(arguments, paths);
  ProofFiles files(arguments);
  const auto micros = [](Duration time) { return std::chrono::duration_cast<proof::Micros>(time); };
  proof::ReconcileOptions options{.late_after = micros(arguments.late_after),
                                  .clock_offset = micros(arguments.clock_offset),
                                  .fault = [&](const proof::Fault& fault) { files.add(fault); }};
  // The table has all of them.
  if (arguments.csv.empty()) options.most_faults = report::FirstFaults::kMost;
  report::ProofReport report{.program = describe_program("smtp-report"),
                             .command_line = shown_command(paths),
                             .late_after = options.late_after,
                             .clock_offset = options.clock_offset,
                             .result = proof::reconcile(paths.sent, paths.taken, options)};
  files.finish(report);
  bool on_standard_output = false;
  for (const auto& [option, path] : arguments.files()) {
    on_standard_output = on_standard_output || path == "-";
  }
  if (!on_standard_output) {
    report::write_file("-", report::summary(report, report::Style::of(STDOUT_FILENO)));
  }
  return fail_on(arguments.fail_on, report.result);
}

}  // namespace

std::function<int()> declare_reconcile(CommandLine& line) {
  auto arguments = std::make_shared<ReconcileArguments>();
  line.arguments(
      "journals", arguments->journals,
      "files of --stamp and of --verify, or patterns\nsuch as 'sent*.proof'; behind a -- "
      "those of --verify");
  line.arguments_behind(arguments->taken);
  OptionGroup group(line, "Reconciliation");
  group.value("--late-after", "TIME", "how long the server may keep a message (60s)",
              arguments->late_after, time_value("time", Duration::zero()));
  group.value(
      "--clock-offset", "TIME",
      "is added to times of sinks' hosts with another\nclock than the first source's, as -1.5s",
      arguments->clock_offset, signed_time);
  group.value("--json", "FILE", "all of it, as JSON (-: standard output)", arguments->json,
              some_text);
  group.value("--csv", "FILE", "a line for each fault", arguments->csv, some_text);
  group.value("--html", "FILE", "the same as a page with plots", arguments->html, some_text);
  group.value("--fail-on", "LIST",
              "exit with 5 when there is any of these, or could\nbe none, as "
              "lost,duplicated,altered,undecided",
              arguments->fail_on, fault_list);
  return [arguments] { return reconcile_journals(*arguments); };
}

}  // namespace millrace::cli
