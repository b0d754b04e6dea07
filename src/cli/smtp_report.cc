#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "cli/command_line.h"
#include "cli/file_names.h"
#include "cli/reconcile_command.h"
#include "report/compare.h"
#include "report/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"

namespace {

using namespace millrace;

// Exit statuses.
constexpr int kThresholdFailed = 3;
constexpr int kRegression = 4;

using Words = std::vector<std::string>;

std::vector<report::Run> read_runs(const Words& paths) {
  std::vector<report::Run> runs;
  for (const std::string& path : paths) runs.push_back(report::read_run(path));
  return runs;
}

void print(std::string_view text) { report::write_file("-", text); }

void need(bool given, const char* what) {
  if (!given) throw Fatal(fmt::format("{} (see smtp-report --help)", what));
}

struct Command {
  const char* name;
  const char* description;
  // Declares the options; what it returns carries the command out.
  std::function<std::function<int()>(cli::CommandLine&)> declare;
};

std::function<int()> declare_show(cli::CommandLine& line) {
  auto path = std::make_shared<std::string>();
  line.argument("run", *path, "a file of --json; -: standard input");
  return [path] {
    need(!path->empty(), "missing file: which run is to be shown?");
    print(report::summary(report::read_run(*path), report::Style::of(STDOUT_FILENO)));
    return EXIT_SUCCESS;
  };
}

std::function<int()> declare_html(cli::CommandLine& line) {
  struct Draft {
    std::string path;
    std::string output;
  };
  auto draft = std::make_shared<Draft>();
  line.argument("run", draft->path, "a file of --json; -: standard input");
  cli::OptionGroup group(line, "Output");
  group.value("-o,--output", "FILE", "the page (the run's name with .html)", draft->output);
  return [draft] {
    need(!draft->path.empty(), "missing file: of which run is the page to be?");
    const std::string page = report::to_html(report::read_run(draft->path));
    std::string output = draft->output;
    if (output.empty()) {
      const std::size_t ending = draft->path.ends_with(".json") ? 5 : 0;
      output = draft->path == "-" ? draft->path
                                  : draft->path.substr(0, draft->path.size() - ending) + ".html";
    }
    report::write_file(output, page);
    return EXIT_SUCCESS;
  };
}

std::function<int()> declare_merge(cli::CommandLine& line) {
  struct Draft {
    Words paths;
    std::string output = "-";
  };
  auto draft = std::make_shared<Draft>();
  line.arguments("runs", draft->paths, "files of --json");
  cli::OptionGroup group(line, "Output");
  group.value("-o,--output", "FILE", "the run they make together (standard\noutput)",
              draft->output);
  return [draft] {
    const Words paths = cli::matching_files(draft->paths);
    need(!paths.empty(), "missing files: which runs are to be merged?");
    const report::Run whole = report::merge(read_runs(paths), paths);
    report::write_file(draft->output, report::to_json(whole));
    const std::string missing = whole.parts ? report::missing(*whole.parts) : std::string();
    if (!missing.empty()) {
      warn(fmt::format("of {} parts of the run these are missing: {}", whole.parts->of, missing));
    }
    for (const report::Verdict& one : whole.verdicts) {
      if (!one.passed) warn(fmt::format("threshold failed: {}: {}", one.threshold, one.value));
    }
    return whole.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
  };
}

// "5%" or "5", as a share.
double regression_limit(const std::string& text, std::string_view names) {
  const bool sign = text.ends_with('%');
  const auto value = decimal(std::string_view(text).substr(0, text.size() - (sign ? 1 : 0)));
  if (!value) cli::reject("limit", text, names, "expected a share, as 5%");
  return *value / 100;
}

std::function<int()> declare_compare(cli::CommandLine& line) {
  struct Draft {
    Words base;
    Words next;
    std::optional<double> limit;
  };
  auto draft = std::make_shared<Draft>();
  line.arguments("runs", draft->base,
                 "the base and the new run, each a file of\n--json or a pattern such as "
                 "'base*.json'");
  cli::OptionGroup group(line, "Comparison");
  group.several("--new", "FILE...", "the new runs; all before them are the base", draft->next);
  group.value("--fail-on-regression", "PERCENT",
              "exit with 4 when a figure is worse by more\nthan this, and not by chance",
              draft->limit, regression_limit);
  return [draft] {
    if (draft->next.empty()) {
      need(draft->base.size() == 2,
           "expected two runs or patterns, or the base runs and --new with the new ones");
      draft->next = {draft->base.back()};
      draft->base.pop_back();
    }
    need(!draft->base.empty(), "missing files: which runs are the base?");
    const auto comparison = report::compare(read_runs(cli::matching_files(draft->base)),
                                            read_runs(cli::matching_files(draft->next)));
    print(report::describe(comparison, report::Style::of(STDOUT_FILENO)));
    if (!draft->limit) return EXIT_SUCCESS;
    const auto regressions = comparison.regressions(*draft->limit);
    for (const report::Change* const one : regressions) {
      warn(fmt::format("regression: {}: {} was {}", one->figure, one->shown(one->next),
                       one->shown(one->base)));
    }
    return regressions.empty() ? EXIT_SUCCESS : kRegression;
  };
}

const std::array<Command, 5>& commands() {
  static const std::array<Command, 5> table = {
      {{"show", "Prints the summary of a run again.", declare_show},
       {"html", "Makes a page with plots of a run.", declare_html},
       {"merge",
        "Adds runs, as of several hosts at once, to one; ends with 3 where a threshold failed.",
        declare_merge},
       {"compare", "Says what has changed between runs, and whether it is more than noise.",
        declare_compare},
       {"reconcile", "Says what became of every message, from journals of both sides.",
        cli::declare_reconcile}}};
  return table;
}

int help() {
  fmt::print(
      "Tells what happened in runs of smtp-source and smtp-sink.\n\n"
      "Usage: smtp-report COMMAND [OPTIONS] FILE...\n");
  for (const Command& command : commands()) {
    cli::CommandLine line(command.description, std::string("smtp-report ") + command.name);
    command.declare(line);
    fmt::print("\n{}", line.help());
  }
  return EXIT_SUCCESS;
}

int report_on(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help") return help();
  if (name == "--version") {
    fmt::print("{}\n", cli::describe_program("smtp-report"));
    return EXIT_SUCCESS;
  }
  for (const Command& command : commands()) {
    if (name != command.name) continue;
    cli::CommandLine line(command.description, std::string("smtp-report ") + command.name);
    const auto carry_out = command.declare(line);
    line.parse(argc - 1, argv + 1);
    return carry_out();
  }
  throw Fatal(fmt::format(
      "{}: expected show, html, merge, compare or reconcile (see smtp-report --help)",
      name.empty() ? std::string("missing command") : fmt::format("unknown command: {}", name)));
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main(argv[0], [&] { return report_on(argc, argv); });
}
