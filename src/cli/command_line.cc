#include "cli/command_line.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "cli/version.h"

namespace millrace::cli {
namespace {

constexpr unsigned kMostThreads = 1'024;

// The words of --io, the best engine first. The last is available everywhere.
struct EngineWord {
  std::string_view word;
  net::Engine engine;
  std::string_view needs;
};

constexpr std::array kEngineWords = {
    EngineWord{"uring", net::Engine::io_uring, "Linux 6.1 or newer must allow it"},
    EngineWord{"epoll", net::Engine::epoll, ""},
};

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

}  // namespace

void reject(std::string_view what, std::string_view value, std::string_view names,
            std::string_view expected) {
  std::string spaced(names);
  if (const std::size_t comma = spaced.find(','); comma != std::string::npos) {
    spaced.insert(comma + 1, " ");
  }
  throw Fatal(fmt::format("bad {}: {} ({}: {})", what, beginning(value), spaced, expected));
}

void OptionGroup::flag(const std::string& names, const std::string& help,
                       std::function<void()> action) {
  app_.add_flag_function(
          names, [action = std::move(action)](std::int64_t) { action(); }, help)
      ->disable_flag_override()
      ->group(title_);
}

void OptionGroup::value(const std::string& names, const std::string& placeholder,
                        const std::string& help,
                        const std::function<void(const std::string&)>& action) {
  app_.add_option_function<std::string>(names, action, help)
      ->type_name(placeholder)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->group(title_);
}

void OptionGroup::each_value(const std::string& names, const std::string& placeholder,
                             const std::string& help,
                             std::function<void(const std::string&)> action) {
  app_.add_option_function<std::vector<std::string>>(
          names,
          [action = std::move(action)](const std::vector<std::string>& values) {
            std::for_each(values.begin(), values.end(), action);
          },
          help)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name(placeholder)
      ->group(title_);
}

void OptionGroup::several(const std::string& names, const std::string& placeholder,
                          const std::string& help,
                          const std::function<void(const std::vector<std::string>&)>& action) {
  app_.add_option_function<std::vector<std::string>>(names, action, help)
      ->type_name(placeholder)
      ->group(title_);
}

void add_address_family(OptionGroup& group, const std::string& verb, int& family) {
  group.flag("-4,--ipv4", verb + " IPv4 only", [&family] { family = AF_INET; });
  group.flag("-6,--ipv6", verb + " IPv6 only", [&family] { family = AF_INET6; });
}

void EngineChoice::add_to(OptionGroup& group) {
  group.value("--threads", "N", "worker threads (one a usable core)",
              [this](const std::string& text) {
                const auto number = whole_number(text, 1, kMostThreads);
                if (!number) {
                  reject("thread count", text, "--threads",
                         fmt::format("expected a whole number from 1 to {}", kMostThreads));
                }
                threads = static_cast<unsigned>(*number);
              });
  group.value("--io", "ENGINE", "auto, uring or epoll (auto)", [this](const std::string& text) {
    engine.reset();
    if (text == "auto") return;
    for (const EngineWord& row : kEngineWords) {
      if (text == row.word) engine = row.engine;
    }
    if (!engine) reject("io engine", text, "--io", "expected auto, uring or epoll");
  });
}

unsigned EngineChoice::resolved_threads() const { return threads != 0 ? threads : usable_cores(); }

net::Engine EngineChoice::resolved_engine() const {
  for (const EngineWord& row : kEngineWords) {
    if (engine.value_or(row.engine) != row.engine) continue;
    if (net::available(row.engine)) return row.engine;
    if (engine) {
      throw Fatal(fmt::format("{} is not available here (--io {}): {}", net::name(row.engine),
                              row.word, row.needs));
    }
  }
  return kEngineWords.back().engine;
}

std::string describe(net::Engine engine, unsigned threads) {
  return fmt::format("{}, {} thread{}", net::name(engine), threads, plural(threads));
}

std::string describe_program(const std::string& name) {
  return fmt::format("{} (Millrace) {}", name, kVersion);
}

CommandLine::CommandLine(std::string description, std::string program)
    : app_(std::make_unique<CLI::App>(std::move(description), std::move(program))) {
  app_->set_help_flag();
  OptionGroup about(*this, "About");
  about.flag("--help", "this text", [] {});
  about.flag("--version", "the version", [] {});
  app_->get_formatter()->column_width(36);
}

CommandLine::~CommandLine() = default;

void CommandLine::argument(const std::string& name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help);
}

void CommandLine::arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help) {
  app_->add_option(name, target, help);
}

std::string CommandLine::help() const { return app_->help(); }

void CommandLine::parse(int argc, const char* const* argv) {
  // Help is looked for first, so that it needs no endpoint and forgives other mistakes.
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto asked = [&](const char* option) {
    return std::find(arguments.begin(), arguments.end(), option) != arguments.end();
  };
  if (asked("--help")) {
    fmt::print("{}", help());
    std::exit(EXIT_SUCCESS);
  }
  if (asked("--version")) {
    fmt::print("{}\n", describe_program(app_->get_name()));
    std::exit(EXIT_SUCCESS);
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    const std::string extra = app_->remaining().front();
    const bool option = extra.size() > 1 && extra.front() == '-';
    throw Fatal(fmt::format("{}: {} (see {} --help)",
                            option ? "unknown option" : "unexpected argument", beginning(extra),
                            app_->get_name()));
  } catch (const CLI::ParseError& error) {
    // CLI11 has no kind of its own for a flag with a value.
    const std::string what = error.what();
    if (const auto end = what.find(" was given a disallowed flag"); end != std::string::npos) {
      throw Fatal(fmt::format("--{} takes no value (see {} --help)", what.substr(0, end),
                              app_->get_name()));
    }
    throw Fatal(fmt::format("{} (see {} --help)", error.what(), app_->get_name()));
  }
}

int run_main(const char* name, const std::function<int()>& program) {
  set_program_name(name);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of writing it
  try {
    return program();
  } catch (const std::exception& error) {
    report_fatal(error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace millrace::cli
