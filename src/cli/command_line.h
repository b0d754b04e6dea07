// cli/ turns command lines into options and runs the programs. It is the only place that knows
// option names; nothing but wiring lives here.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number.h"
#include "net/event_loop.h"

// CLI11's own type: its header is large, and only command_line.cc needs it.
namespace CLI {
class App;
}

namespace millrace::cli {

// Names an option in messages: "(-t, --timeout: expected ...)". `names` in CLI11's form.
[[noreturn]] void reject(std::string_view what, std::string_view value, std::string_view names,
                         std::string_view expected);

// The command line of a program, with its help and version.
class CommandLine {
 public:
  CommandLine(std::string description, std::string program);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // An argument that is no option. `target` must outlive the parsing.
  void argument(const std::string& name, std::string& target, const std::string& help);

  // The same for any number of them.
  void arguments(const std::string& name, std::vector<std::string>& target,
                 const std::string& help);

  // What --help prints.
  [[nodiscard]] std::string help() const;

  // Throws Fatal with one clear sentence for whatever is wrong. Help and version are printed and
  // end the program.
  void parse(int argc, const char* const* argv);

 private:
  friend class OptionGroup;

  std::unique_ptr<CLI::App> app_;
};

// Adds options to one group of a program's help. Like getopt(3): the last of several equal
// options counts.
class OptionGroup {
 public:
  OptionGroup(CommandLine& line, std::string title) : app_(*line.app_), title_(std::move(title)) {}

  // An option without a value.
  void flag(const std::string& names, const std::string& help, std::function<void()> action);
  void flag(const std::string& names, const std::string& help, bool& target) {
    flag(names, help, [&target] { target = true; });
  }

  // An option with a value; `placeholder` stands for it in the help.
  void value(const std::string& names, const std::string& placeholder, const std::string& help,
             const std::function<void(const std::string&)>& action);

  // The same, for options of which each occurrence counts.
  void each_value(const std::string& names, const std::string& placeholder, const std::string& help,
                  std::function<void(const std::string&)> action);

  // An option that takes all words up to the next option.
  void several(const std::string& names, const std::string& placeholder, const std::string& help,
               const std::function<void(const std::vector<std::string>&)>& action);

  // A whole number from `least` on. `what`: "bad <what>: <value>" when it is none.
  template <typename Number>
  void number(const std::string& names, const std::string& placeholder, const std::string& what,
              std::uint64_t least, const std::string& help, std::function<void(Number)> action) {
    constexpr auto kMost = std::numeric_limits<Number>::max();
    value(names, placeholder, help, [=](const std::string& text) {
      const auto number = whole_number(text, least, static_cast<std::uint64_t>(kMost));
      if (!number) {
        reject(what, text, names, "expected a whole number, at least " + std::to_string(least));
      }
      action(static_cast<Number>(*number));
    });
  }

 private:
  CLI::App& app_;
  std::string title_;
};

// What both programs have: -4 and -6. `verb`: what is done with the family, "listen on".
void add_address_family(OptionGroup& group, const std::string& verb, int& family);

// The same: --threads, --io.
struct EngineChoice {
  unsigned threads = 0;  // 0: as many as the process has cores
  std::optional<net::Engine> engine;

  void add_to(OptionGroup& group);

  // What is left open is chosen here. Throws Fatal when an engine was asked for in vain.
  [[nodiscard]] unsigned resolved_threads() const;
  [[nodiscard]] net::Engine resolved_engine() const;
};

// "io_uring, 2 threads": what -v says at start.
std::string describe(net::Engine engine, unsigned threads);

// "smtp-source (Millrace) 1.0": what --version prints.
std::string describe_program(const std::string& name);

// Runs `program` as main(): what it throws becomes "name: fatal: ..." and exit status 1.
int run_main(const char* name, const std::function<int()>& program);

}  // namespace millrace::cli
