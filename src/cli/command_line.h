// cli/ turns command lines into options and runs the programs. It is the only place that knows
// option names; nothing but wiring lives here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// CLI11's own type: its header is large, and only command_line.cc needs it.
namespace CLI {
class App;
}

namespace millrace::cli {

// The names of an option, which are in CLI11's form, as messages have them: "-t, --timeout".
std::string spaced(std::string_view names);

// Refuses a value: "bad timeout: 0 (-t, --timeout: expected ...)".
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

  // Those behind "--", which are apart from the ones ahead of it. Nothing where there is no "--".
  void arguments_behind(std::optional<std::vector<std::string>>& target);

  // What an option was given on the line that was parsed, in its own words; nothing where it was
  // not there. A flag has the word "true".
  [[nodiscard]] std::vector<std::string> words_of(const std::string& name) const;

  // What --help prints.
  [[nodiscard]] std::string help() const;

  // Throws Fatal with one clear sentence for whatever is wrong. Help and version are printed and
  // end the program. It may be called again: what targets have from before is left to the caller.
  void parse(int argc, const char* const* argv);

 private:
  friend class OptionGroup;

  [[noreturn]] void refuse_value(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> with_empty_values(
      const std::vector<std::string>& words) const;

  std::unique_ptr<CLI::App> app_;
  std::optional<std::vector<std::string>>* behind_ = nullptr;
  bool about_ = false;  // --help and --version, which are looked for before all others
};

// Reads the value of an option: what the text means. Throws Fatal naming the option. It does
// nothing else: files that are named are read when all is parsed.
template <typename Value>
using Reader = std::function<Value(const std::string& text, std::string_view names)>;

// Adds options to one group of a program's help. Each fills its field of what was given, which
// must outlive the parsing; whatever follows from it is worked out behind that. Like getopt(3): the
// last of several equal options counts.
class OptionGroup {
 public:
  OptionGroup(CommandLine& line, std::string title) : app_(*line.app_), title_(std::move(title)) {}

  // An option without a value.
  void flag(const std::string& names, const std::string& help, bool& target);

  // The same, which adds something to a list.
  template <typename Item>
  void flag(const std::string& names, const std::string& help, std::vector<Item>& target,
            Item item) {
    on_flag(names, help, [&target, item] { target.push_back(item); });
  }

  // The same, behind which "=WORD" may stand: `read` is given the word, or nothing.
  template <typename Target>
  void flag_or_word(const std::string& names, const std::string& help, Target& target,
                    std::type_identity_t<Reader<Target>> read) {
    on_flag_or_word(names, help, [&target, names, read](const std::string& text) {
      target = read(text, names);
    });
  }

  // An option with a value; `placeholder` stands for it in the help.
  template <typename Target>
  void value(const std::string& names, const std::string& placeholder, const std::string& help,
             Target& target, std::type_identity_t<Reader<Target>> read) {
    on_last(names, placeholder, help,
            [&target, names, read](const std::string& text) { target = read(text, names); });
  }

  // The same, taken as it is.
  template <typename Target>
  void value(const std::string& names, const std::string& placeholder, const std::string& help,
             Target& target) {
    on_last(names, placeholder, help, [&target](const std::string& text) { target = text; });
  }

  // An option of which each occurrence counts.
  template <typename Item>
  void each(const std::string& names, const std::string& placeholder, const std::string& help,
            std::vector<Item>& target, std::type_identity_t<Reader<Item>> read) {
    on_each(names, placeholder, help, [&target, names, read](const std::string& text) {
      target.push_back(read(text, names));
    });
  }

  // The same, each of which has a list.
  template <typename Item>
  void each_list(const std::string& names, const std::string& placeholder, const std::string& help,
                 std::vector<Item>& target, std::type_identity_t<Reader<std::vector<Item>>> read) {
    on_each(names, placeholder, help, [&target, names, read](const std::string& text) {
      const std::vector<Item> items = read(text, names);
      target.insert(target.end(), items.begin(), items.end());
    });
  }

  // An option that takes all words up to the next option.
  void several(const std::string& names, const std::string& placeholder, const std::string& help,
               std::vector<std::string>& target);

 private:
  using Take = std::function<void(const std::string& text)>;

  void on_flag(const std::string& names, const std::string& help, std::function<void()> take);
  void on_flag_or_word(const std::string& names, const std::string& help, const Take& take);
  void on_last(const std::string& names, const std::string& placeholder, const std::string& help,
               const Take& take);
  void on_each(const std::string& names, const std::string& placeholder, const std::string& help,
               Take take);

  CLI::App& app_;
  std::string title_;
};

// "smtp-source (Millrace) 1.0": what --version prints.
std::string describe_program(const std::string& name);

// Runs `program` as main(): what it throws becomes "name: fatal: ..." and exit status 1.
int run_main(const char* name, const std::function<int()>& program);

}  // namespace millrace::cli
