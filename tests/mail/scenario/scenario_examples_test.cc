// The scenarios that come with the programs, and those of the manual page: all can be read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/input_file.h"
#include "mail/scenario/scenario_reader.h"

namespace millrace::mail {
namespace {

const std::string kTop = MILLRACE_SOURCE;

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// The examples of a manual page: each begins with a comment that names it, and has its text between
// .nf and .fi.
std::vector<std::pair<std::string, std::string>> examples(const std::string& page) {
  std::vector<std::pair<std::string, std::string>> found;
  constexpr std::string_view kBegin = ".\\\" example: ";
  for (std::size_t at = page.find(kBegin); at != std::string::npos;
       at = page.find(kBegin, at + 1)) {
    const std::size_t name = at + kBegin.size();
    const std::size_t begin = page.find("\n.nf\n", name) + std::string_view("\n.nf\n").size();
    std::string text = page.substr(begin, page.find("\n.fi", begin) + 1 - begin);
    for (const auto& [escape, meant] : {std::pair{".RS\n", ""}, {".RE\n", ""}, {"\\-", "-"}}) {
      text = replace_all(text, escape, meant);
    }
    found.emplace_back(page.substr(name, page.find('\n', name) - name), text);
  }
  return found;
}

TEST(ScenarioExamples, ThoseThatAreInstalledHaveNoMistake) {
  std::size_t read = 0;
  for (const auto& file : std::filesystem::directory_iterator(kTop + "/share/scenarios")) {
    const ScenarioRead scenario = read_scenario_file(file.path());
    EXPECT_EQ(fmt::format("{}", fmt::join(scenario.mistakes, "\n")), "");
    EXPECT_TRUE(scenario.scenario.recipients.addresses);
    EXPECT_TRUE(scenario.scenario.senders.addresses);
    // They run as they are: all that they send is made up.
    EXPECT_FALSE(scenario.scenario.kinds.empty());
    for (const MessageKind& kind : scenario.scenario.kinds) {
      EXPECT_TRUE(std::holds_alternative<GeneratedContent>(kind.content)) << kind.name;
      EXPECT_FALSE(kind.dkim) << kind.name;
    }
    ++read;
  }
  EXPECT_EQ(read, 2U);
}

TEST(ScenarioExamples, ThoseOfTheManualPageHaveNoMistake) {
  const auto all = examples(read_file(kTop + "/doc/millrace-scenario.5"));
  EXPECT_GT(all.size(), 20U);
  for (const auto& [name, text] : all) {
    EXPECT_FALSE(text.empty()) << name;
    EXPECT_EQ(fmt::format("{}", fmt::join(read_scenario(text, name).mistakes, "\n")), "");
  }
}

}  // namespace
}  // namespace millrace::mail
