#include "report/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/printable.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::Error;

metrics::ProgressSnapshot snapshot_of(std::uint64_t number) {
  metrics::ProgressSnapshot snapshot{.elapsed = std::chrono::seconds(number + 1),
                                     .length = 40s,
                                     .asked = 500,
                                     .stage = "hold 500/s 40s"};
  metrics::Second second{.number = number, .sessions_open = 7, .in_flight = 3};
  second.counters.delivered = 400 + number;
  second.intended.record(1ms);
  second.intended.record(9ms);
  snapshot.second = second;
  return snapshot;
}

TEST(Progress, SaysHowManyMessagesWaitForARetry) {
  metrics::ProgressSnapshot snapshot = snapshot_of(1);
  for (const std::uint64_t waiting : {0U, 1'234U}) {
    snapshot.second->waiting = waiting;
    LiveView view({});
    view.take(*snapshot.second);
    const std::string shown = view.draw(snapshot, 79);
    const std::string line = ProgressLines().line(snapshot);
    const std::string said = waiting > 0 ? ", 1,234 waiting for a retry" : "";
    EXPECT_NE(shown.find("sent           401" + said + "  #"), std::string::npos) << shown;
    EXPECT_NE(line.find("3 in flight" + said + ", 0 errors"), std::string::npos) << line;
  }
}

TEST(Progress, SaysWhatTheServerHasNotPassedOn) {
  metrics::ProgressSnapshot snapshot = snapshot_of(1);
  snapshot.backlog = 1'234;
  LiveView view({});
  view.take(*snapshot.second);
  const std::string shown = view.draw(snapshot, 79);
  const std::string line = ProgressLines().line(snapshot);
  EXPECT_NE(shown.find("sent           401, backlog 1,234  #"), std::string::npos) << shown;
  EXPECT_NE(line.find("3 in flight, backlog 1,234, 0 errors"), std::string::npos) << line;
}

TEST(LiveView, ShowsTheRunOnFiveLinesThatFit) {
  for (const bool unicode : {false, true}) {
    LiveView view({.unicode = unicode});
    for (std::uint64_t second = 0; second < 40; ++second) view.take(*snapshot_of(second).second);
    metrics::Second failing = *snapshot_of(40).second;
    failing.errors[static_cast<std::size_t>(Error::rejected)] = 12;
    failing.latest_error = "recipient rejected: 450 4.2.1 " + std::string(200, 'x') + "\x1b[31m";
    view.take(failing);
    const std::string text = view.draw(snapshot_of(20), 79);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
    EXPECT_NE(text.find("21.0 s of 40.0 s ["), std::string::npos) << text;
    EXPECT_NE(text.find("of 500.0/s asked  3 in flight, 7 sessions"), std::string::npos) << text;
    EXPECT_NE(text.find("p50 1.00 ms  p99 9.01 ms"), std::string::npos) << text;
    EXPECT_NE(text.find("rejected 12  recipient rejected: 450"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
      });
      EXPECT_LE(columns, 79) << line;
    }
  }
}

TEST(LiveView, ShowsWhatIsKnown) {
  LiveView view({});
  for (std::uint64_t second = 0; second < 40; ++second) view.take(*snapshot_of(second).second);
  EXPECT_EQ(view.draw(snapshot_of(20), 79),
            "21.0 s of 40.0 s [#############           ] 19.0 s left  hold 500/s 40s\n"
            "rate       439.0/s of 500.0/s asked  3 in flight, 7 sessions\n"
            "latency  p50 1.00 ms  p99 9.01 ms  max 9.01 ms  in the last second\n"
            "sent        16,780  ##############################\n"
            "errors   none\n");
  // Past its end.
  EXPECT_TRUE(view.draw(snapshot_of(49), 79)
                  .starts_with("50.0 s of 40.0 s [########################] 0.0 s left  "));
  metrics::ProgressSnapshot closed_loop = snapshot_of(40);
  closed_loop.length.reset();
  closed_loop.asked = 0;
  closed_loop.winding_up = true;
  metrics::Second quiet{.number = 40, .sessions_open = 1};
  quiet.errors[static_cast<std::size_t>(Error::refused)] = 1'000;
  quiet.errors[static_cast<std::size_t>(Error::tls)] = 2;
  quiet.latest_error = "expired";
  view.take(quiet);
  quiet.latest_error.clear();
  view.take(quiet);
  EXPECT_EQ(view.draw(closed_loop, 79),
            "41.0 s  winding up\n"
            "rate         0.0/s  0 in flight, 1 session\n"
            "latency  p50       -  p99       -  max       -  in the last second\n"
            "sent        16,780  ############################__\n"
            "errors   refused 2,000  tls 4  expired\n");
}

TEST(LiveView, IsCutWhereColumnsAreFullNotColours) {
  LiveView view({.colour = true});
  metrics::Second failing;
  failing.errors[static_cast<std::size_t>(Error::tls)] = 1;
  failing.latest_error = std::string(100, 'x');
  view.take(failing);
  EXPECT_TRUE(view.draw(snapshot_of(0), 30)
                  .ends_with("\nerrors   \x1b[31mtls 1  " + std::string(14, 'x') + "\x1b[0m\n"));
}

TEST(LiveView, GoesDownForAMessage) {
  testing::internal::CaptureStderr();
  LiveView view({});
  view.show(snapshot_of(0));
  warn("full");
  view.show(snapshot_of(1));
  const std::string second = view.draw(snapshot_of(1), 79);
  view.end();
  const std::string erased = "\x1b[5A\r\x1b[J";
  LiveView first({});
  first.take(*snapshot_of(0).second);
  const std::string drawn = first.draw(snapshot_of(0), 79);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            drawn + erased + "millrace: warning: full\n" + drawn + erased + second + erased);
}

// The lines that are drawn on a terminal of so many columns.
std::vector<std::string> drawn_on(unsigned short columns) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(terminal);
  unlockpt(terminal);
  const int screen = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ioctl(screen, TIOCSWINSZ, &size);
  const int kept = dup(STDERR_FILENO);
  dup2(screen, STDERR_FILENO);
  metrics::ProgressSnapshot snapshot = snapshot_of(0);
  snapshot.stage.append(100, 'x');
  LiveView({}).show(snapshot);
  dup2(kept, STDERR_FILENO);
  std::string text(65'536, '\0');
  std::size_t length = 0;
  while (std::count(text.begin(), text.end(), '\n') < 5) {
    const ssize_t got = read(terminal, text.data() + length, text.size() - length);
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  for (const int end : {kept, terminal, screen}) close(end);
  std::erase(text, '\r');
  std::istringstream stream(text.substr(0, text.find('\0')));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The last column stays free: what stands there may break the line. A size of nought is unknown.
TEST(LiveView, FitsItsTerminal) {
  for (const auto& [columns, width] :
       std::vector<std::pair<unsigned short, std::size_t>>{{60, 59}, {20, 19}, {5, 19}, {0, 79}}) {
    const std::vector<std::string> lines = drawn_on(columns);
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[0].size(), width) << columns;
  }
}

TEST(LiveView, IsCutBetweenCharacters) {
  LiveView view({.unicode = true});
  for (std::uint64_t second = 0; second < 40; ++second) view.take(*snapshot_of(second).second);
  for (std::size_t columns = 20; columns < 60; ++columns) {
    std::istringstream lines(view.draw(snapshot_of(20), columns));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(line, printable(line, Charset::utf8)) << columns;
    }
  }
}

// Far more drawings than a terminal has room for.
constexpr std::uint64_t kManySeconds = 1000;

// Whether `action` comes to an end although nobody reads standard error, which is `output`. What
// was written to it is read from `reader` behind that.
bool ends_unread(int output, int reader, const std::function<void()>& action) {
  const int kept = dup(STDERR_FILENO);
  dup2(output, STDERR_FILENO);
  std::future<void> done = std::async(std::launch::async, action);
  const bool ended = done.wait_for(60s) == std::future_status::ready;
  std::array<char, 65'536> text{};
  fcntl(reader, F_SETFL, O_NONBLOCK);
  do {
    while (read(reader, text.data(), text.size()) > 0) continue;
  } while (done.wait_for(1ms) != std::future_status::ready);
  dup2(kept, STDERR_FILENO);
  close(kept);
  return ended;
}

std::array<int, 2> full_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const std::string filling(static_cast<std::size_t>(fcntl(ends[1], F_GETPIPE_SZ)), 'x');
  EXPECT_EQ(write(ends[1], filling.data(), filling.size()), static_cast<ssize_t>(filling.size()));
  return ends;
}

TEST(LiveView, DoesNotWaitForAPipeToBeRead) {
  const auto [reader, writer] = full_pipe();
  LiveView view({});
  EXPECT_TRUE(ends_unread(writer, reader, [&] {
    view.show(snapshot_of(0));
    view.end();
  }));
  for (const int end : {reader, writer}) close(end);
}

TEST(LiveView, DoesNotWaitForAMessageThatWaits) {
  const auto [reader, writer] = full_pipe();
  LiveView view({});
  std::thread speaker;
  EXPECT_TRUE(ends_unread(writer, reader, [&] {
    speaker = std::thread([] { warn("read me"); });
    for (std::uint64_t second = 0; second < kManySeconds; ++second) view.show(snapshot_of(second));
  }));
  speaker.join();
  for (const int end : {reader, writer}) close(end);
}

// A terminal has room for a part of a drawing, too.
TEST(LiveView, DoesNotWaitForATerminalToBeRead) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  const int writer = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  ASSERT_GE(writer, 0);
  LiveView view({});
  EXPECT_TRUE(ends_unread(writer, terminal, [&] {
    for (std::uint64_t second = 0; second < kManySeconds; ++second) view.show(snapshot_of(second));
  }));
  for (const int end : {terminal, writer}) close(end);
}

TEST(LiveView, IsDrawnInItsPlaceWhenItIsReadAgain) {
  const auto [reader, writer] = full_pipe();
  LiveView view({});
  const int kept = dup(STDERR_FILENO);
  dup2(writer, STDERR_FILENO);
  view.show(snapshot_of(0));
  view.show(snapshot_of(1));
  std::string text(std::size_t{2} * 65'536, '\0');
  EXPECT_GT(read(reader, text.data(), text.size()), 0);
  view.show(snapshot_of(2));
  view.show(snapshot_of(3));
  view.end();
  dup2(kept, STDERR_FILENO);
  text.resize(static_cast<std::size_t>(read(reader, text.data(), text.size())));
  // Drawn twice and erased twice.
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_EQ(lines, 10);
  EXPECT_TRUE(text.ends_with("\x1b[5A\r\x1b[J"));
  for (const int end : {kept, reader, writer}) close(end);
}

TEST(ProgressLines, DoNotWaitForAPipeToBeRead) {
  const auto [reader, writer] = full_pipe();
  ProgressLines lines;
  EXPECT_TRUE(ends_unread(writer, reader, [&] {
    for (std::uint64_t second = 0; second < 20; ++second) lines.show(snapshot_of(second));
  }));
  for (const int end : {reader, writer}) close(end);
  EXPECT_NE(lines.line(snapshot_of(19)).find("20.0 s: 409.5/s"), std::string::npos);
}

TEST(ProgressLines, SumUpTenSeconds) {
  ProgressLines lines;
  for (std::uint64_t second = 0; second < 10; ++second) lines.take(*snapshot_of(second).second);
  EXPECT_EQ(lines.line(snapshot_of(9)),
            "10.0 s: 404.5/s of 500.0/s asked, p50 1.00 ms, p99 9.01 ms, max 9.01 ms, "
            "3 in flight, 0 errors");
}

TEST(ProgressLines, AreOfOneRunEach) {
  for (const std::uint64_t first : {0, 1}) {  // that is told of the later one
    ProgressLines one;
    for (std::uint64_t second = first; second < 5; ++second) one.take(*snapshot_of(second).second);
    ProgressLines both;
    for (std::uint64_t second = 0; second < 5; ++second) both.take(*snapshot_of(second).second);
    for (std::uint64_t second = first; second < 5; ++second) both.take(*snapshot_of(second).second);
    EXPECT_EQ(both.line(snapshot_of(4)), one.line(snapshot_of(4)));
  }
}

TEST(ProgressLines, ComeEveryTenSeconds) {
  testing::internal::CaptureStderr();
  ProgressLines lines;
  for (std::uint64_t second = 0; second < 29; ++second) lines.show(snapshot_of(second));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "millrace: 10.0 s: 404.5/s of 500.0/s asked, p50 1.00 ms, p99 9.01 ms, max 9.01 ms, "
            "3 in flight, 0 errors\n"
            "millrace: 20.0 s: 414.5/s of 500.0/s asked, p50 1.00 ms, p99 9.01 ms, max 9.01 ms, "
            "3 in flight, 0 errors\n");
}

TEST(ProgressLines, SayWhatThereIs) {
  ProgressLines lines;
  metrics::ProgressSnapshot snapshot{.elapsed = 1s, .winding_up = true};
  EXPECT_EQ(lines.line(snapshot),
            "1.0 s: 0.0/s, p50 -, p99 -, max -, 0 in flight, 0 errors, winding up");
  metrics::Second failing;
  failing.counters.delivered = 5;
  failing.errors[static_cast<std::size_t>(Error::tls)] = 1;
  lines.take(failing);
  EXPECT_EQ(lines.line(snapshot),
            "1.0 s: 5.0/s, p50 -, p99 -, max -, 0 in flight, 1 error, winding up");
}

}  // namespace
}  // namespace millrace::report
