// A program of many processes in one of them; the other ranks are made up.
#include "cli/fleet_main.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "made_up_post.h"

namespace millrace::cli {
namespace {

using fleet::Subject;

// Has nothing to do, and closes the run.
class ClosingProgram final : public FleetProgram {
 public:
  Outcome lead(fleet::Fleet& all, threads::SignalWatch& /*signals*/) override {
    return {.whole = all.close(), .status = 3};
  }
  bool follow(std::string /*opening*/, fleet::Fleet& all,
              threads::SignalWatch& /*signals*/) override {
    return all.wait_for_over();
  }
};

// Rank 0 of two others; rank 2 has this to say when all are asked whether they are there.
[[noreturn]] void lead_where(Subject answer) {
  const auto mail = std::make_shared<fleet::test::MadeUpMail>(0, 3);
  mail->come(2, Subject::ready, " host2");
  mail->come(2, Subject::result, "0all");
  std::thread others([mail, answer] {
    for (const unsigned rank : {1U, 2U}) mail->next(rank, Subject::next);
    mail->come(2, answer, "0");
    mail->come(1, Subject::result, "0");
  });
  others.detach();
  const FleetPlace place{
      .post = [mail] { return std::make_unique<fleet::test::MadeUpPost>(mail); }};
  std::exit(fleet_main("smtp-closing", place, [] { return std::make_unique<ClosingProgram>(); }));
}

TEST(FleetMainDeathTest, EndsAsItsProgramWhereAllAreThereToTheEnd) {
  EXPECT_EXIT(lead_where(Subject::result), testing::ExitedWithCode(3), "");
}

TEST(FleetMainDeathTest, NamesWhoIsGoneWhenAllIsReported) {
  EXPECT_EXIT(lead_where(Subject::gone), testing::ExitedWithCode(EXIT_FAILURE),
              R"(^smtp-closing: fatal: rank 2 \(host2\) was not there to the end: all )");
}

}  // namespace
}  // namespace millrace::cli
