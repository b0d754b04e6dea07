#include "sink/rule_book.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace millrace::sink {
namespace {

using rules::CommandOption;
using smtp::Verb;

// A file of rules that is gone with this.
class RulesFile {
 public:
  explicit RulesFile(const std::string& text) { write(text); }
  RulesFile(const RulesFile&) = delete;
  RulesFile& operator=(const RulesFile&) = delete;
  ~RulesFile() { std::filesystem::remove(path_); }

  void write(const std::string& text) const { std::ofstream(path_) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "millrace-rules-" + std::to_string(::getpid());
};

std::string refusing(const std::string& sender) {
  return "[[rule]]\nname = 'of the file'\nmatch = { command = 'MAIL', sender = '" + sender +
         "' }\nact = { reply = '450 no' }\n";
}

// Options are what holds where no rule of a file does, also when the files were read again.
TEST(RuleBook, HasTheRulesOfFilesBeforeThoseOfOptions) {
  const RulesFile file(refusing("a@*"));
  SinkOptions options;
  options.rule_files = {file.path()};
  options.commands[Verb::mail].prefer(CommandOption::Action::hard_reject);
  RuleBook book(options);
  const auto found = [&](std::string_view sender) {
    rules::Facts facts;
    facts.sender = sender;
    const rules::Found one = book.in_force().current()->find(rules::moment(Verb::mail), facts);
    EXPECT_NE(one.rule, nullptr);
    return one.rule->name;
  };
  EXPECT_EQ(found("a@a"), "of the file");
  EXPECT_EQ(found("b@b"), "");
  file.write(refusing("b@*"));
  testing::internal::CaptureStderr();
  ASSERT_TRUE(book.reload());
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(found("a@a"), "");
  EXPECT_EQ(found("b@b"), "of the file");
}

// Files are in UTF-8, whatever the locale is; what drives a terminal is shown in none.
TEST(RuleBook, MistakesAreToldAsThoseOfOtherFiles) {
  const RulesFile file(
      "[[rule]]\nname = 'x'\nmatch = { command = 'gr\xc3\xbc\xc3\x9f\xc2\x9b' }\n");
  testing::internal::CaptureStderr();
  EXPECT_FALSE(check_rules({file.path()}));
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("gr\xc3\xbc\xc3\x9f\\u009b"), std::string::npos) << told;
}

}  // namespace
}  // namespace millrace::sink
