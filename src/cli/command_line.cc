#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "cli/version.h"

namespace millrace::cli {

std::string spaced(std::string_view names) {
  std::string text(names);
  if (const std::size_t comma = text.find(','); comma != std::string::npos) {
    text.insert(comma + 1, " ");
  }
  return text;
}

void reject(std::string_view what, std::string_view value, std::string_view names,
            std::string_view expected) {
  throw Fatal(fmt::format("bad {}: {} ({}: {})", what, beginning(value), spaced(names), expected));
}

void OptionGroup::flag(const std::string& names, const std::string& help, bool& target) {
  on_flag(names, help, [&target] { target = true; });
}

void OptionGroup::on_flag(const std::string& names, const std::string& help,
                          std::function<void()> take) {
  app_.add_flag_function(
          names, [take = std::move(take)](std::int64_t) { take(); }, help)
      ->disable_flag_override()
      ->trigger_on_parse()
      ->group(title_);
}

// CLI11 calls what a flag has without a value "true".
void OptionGroup::on_flag_or_word(const std::string& names, const std::string& help,
                                  const Take& take) {
  app_.add_flag(names, help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->each([take](const std::string& text) { take(text == "true" ? std::string() : text); })
      ->group(title_);
}

void OptionGroup::on_last(const std::string& names, const std::string& placeholder,
                          const std::string& help, const Take& take) {
  app_.add_option_function<std::string>(names, take, help)
      ->type_name(placeholder)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->group(title_);
}

void OptionGroup::on_each(const std::string& names, const std::string& placeholder,
                          const std::string& help, Take take) {
  app_.add_option_function<std::vector<std::string>>(
          names,
          [take = std::move(take)](const std::vector<std::string>& values) {
            std::for_each(values.begin(), values.end(), take);
          },
          help)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse()
      ->type_name(placeholder)
      ->group(title_);
}

void OptionGroup::several(const std::string& names, const std::string& placeholder,
                          const std::string& help, std::vector<std::string>& target) {
  app_.add_option(names, target, help)->type_name(placeholder)->group(title_);
}

std::string describe_program(const std::string& name) {
  return fmt::format("{} (Millrace) {}", name, kVersion);
}

CommandLine::CommandLine(std::string description, std::string program)
    : app_(std::make_unique<CLI::App>(std::move(description), std::move(program))) {
  app_->set_help_flag();
  OptionGroup about(*this, "About");
  about.flag("--help", "this text", about_);
  about.flag("--version", "the version", about_);
  app_->get_formatter()->column_width(36);
}

CommandLine::~CommandLine() = default;

void CommandLine::refuse_value(const std::string& name) const {
  throw Fatal(fmt::format("{} takes no value (see {} --help)", name, app_->get_name()));
}

// As getopt_long(3) has it: "--option=" gives an empty value. CLI11 would take the next word for
// it.
std::vector<std::string> CommandLine::with_empty_values(
    const std::vector<std::string>& words) const {
  std::vector<std::string> all;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--") return all.insert(all.end(), word, words.end()), all;
    const std::string name = word->substr(0, word->find('='));
    const bool ends = word->starts_with("--") && name.size() + 1 == word->size();
    const CLI::Option* const option = ends ? app_->get_option_no_throw(name) : nullptr;
    if (option == nullptr) {
      all.push_back(*word);
    } else if (option->get_items_expected_max() > 0) {
      all.insert(all.end(), {name, ""});
    } else {
      refuse_value(name);
    }
  }
  return all;
}

void CommandLine::argument(const std::string& name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help);
}

void CommandLine::arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help) {
  app_->add_option(name, target, help);
}

void CommandLine::arguments_behind(std::optional<std::vector<std::string>>& target) {
  behind_ = &target;
}

std::vector<std::string> CommandLine::words_of(const std::string& name) const {
  const CLI::Option& option = *app_->get_option(name);
  if (option.count() == 0) return {};
  return option.get_items_expected_max() > 0 ? option.reduced_results()
                                             : std::vector<std::string>{"true"};
}

std::string CommandLine::help() const { return app_->help(); }

void CommandLine::parse(int argc, const char* const* argv) {
  // Help is looked for first, so that it needs no endpoint and forgives other mistakes.
  std::vector<std::string> arguments(argv + 1, argv + argc);
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
  const auto mark = std::find(arguments.begin(), arguments.end(), "--");
  if (behind_ != nullptr && mark != arguments.end()) {
    behind_->emplace(mark + 1, arguments.end());
    arguments.erase(mark, arguments.end());
  }
  try {
    std::vector<std::string> words = with_empty_values(arguments);
    std::reverse(words.begin(), words.end());  // as CLI11 wants it
    app_->parse(std::move(words));
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
      refuse_value("--" + what.substr(0, end));
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
