// Command lines of both programs, a word a line, and stages: understood, or refused in one line.
// The schedule that comes of stages runs forward.
#include <cmath>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cli/sink_command_line.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "pieces.h"
#include "smtp/keyword.h"
#include "source/schedule.h"

using namespace millrace;

namespace {

// Words that would end the program, or have it open what the fuzzer makes up.
bool harmless(std::string_view word) {
  return word.find("--h") == std::string_view::npos &&
         word.find("--vers") == std::string_view::npos &&
         word.find('/') == std::string_view::npos && word.find('\0') == std::string_view::npos;
}

void check_schedule(std::string_view text) {
  const source::Schedule schedule(cli::read_stages(std::string(text), "--stages").stages);
  Duration before{};
  const double all = schedule.sum_until(schedule.end());
  fuzz::require(std::isfinite(all) && all >= 0);
  for (int step = 0; step < 20; ++step) {
    const auto when = schedule.when_sum_is(all * step / 20);
    if (!when) continue;
    fuzz::require(*when >= before && *when <= schedule.end());
    before = *when;
    fuzz::require(schedule.level_at(*when) <= schedule.highest_level());
    fuzz::require(schedule.stage_at(*when) < schedule.stages().size());
  }
}

void check_words(std::string_view text, bool source) {
  std::vector<std::string> words{source ? "smtp-source" : "smtp-sink"};
  while (!text.empty()) {
    words.emplace_back(smtp::take_word(text, "\n"));
    if (!harmless(words.back())) return;
  }
  words.emplace_back("127.0.0.1:25");
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  const int argc = static_cast<int>(words.size());
  if (source) {
    const auto line = cli::parse_source_command_line(argc, argv.data());
    fuzz::require(!line.source.load.schedule.empty() && line.source.sessions > 0);
    fuzz::require(!cli::describe_load(line.source).empty());
  } else {
    const auto line = cli::parse_sink_command_line(argc, argv.data());
    fuzz::require(line.sink.threads > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    divert_messages([](std::string_view line) { fuzz::require(!line.empty()); });
    return true;
  }();
  if (size == 0 || !quiet) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] % 3 == 2) {
      check_schedule(text);
    } else {
      check_words(text, data[0] % 3 == 0);
    }
  } catch (const Fatal& error) {
    fuzz::require(error.what()[0] != '\0');
  }
  return 0;
}
