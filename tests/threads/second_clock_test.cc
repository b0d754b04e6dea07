#include "threads/second_clock.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "net/stream.h"

namespace millrace::threads {
namespace {

using namespace std::chrono_literals;

struct Sender final : net::StreamHandler {
  explicit Sender(net::EventLoop& loop) : stream(loop, *this, net::Side::server) {}
  void on_connected() override {}
  std::size_t on_bytes(std::string_view bytes) override { return bytes.size(); }
  void on_end(int /*error*/) override { ended = true; }

  net::Stream stream;
  bool ended = false;
};

// Counts what the loop moved, and how often it was asked.
struct Counting {
  metrics::ThreadInterval& complete(net::Traffic moved) {
    ++asked;
    interval.counters = {.bytes_sent = moved.sent};
    return interval;
  }
  int asked = 0;
  metrics::ThreadInterval interval;
};

TEST(SecondClock, TellsWhatAStalledLoopMeasuredAsTheFirstOfItsSeconds) {
  const auto loop = net::find_engine("epoll")->make();
  metrics::Timeline timeline(1, metrics::Timeline::Idle::kept);
  Counting counting;
  counting.interval.intended.record(5ms);
  counting.interval.latest_error = "made up";
  SecondClock clock(
      *loop, timeline,
      Clock::now() - 2500ms, [&](net::Traffic moved) -> auto& { return counting.complete(moved); });
  while (counting.asked == 0) loop->turn();
  const int seconds = counting.asked;  // two, or more where this machine was slow
  EXPECT_GE(seconds, 2);
  EXPECT_EQ(counting.interval.latest_error, "");
  clock.stop();
  EXPECT_EQ(counting.asked, seconds + 1);
  const std::vector<metrics::Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(seconds) + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].number, i);
    EXPECT_EQ(rows[i].measured, i == 0 ? 1U : 0U);
  }
}

TEST(SecondClock, CountsTheLoopsTrafficOnce) {
  const auto loop = net::find_engine("epoll")->make();
  metrics::Timeline timeline(1, metrics::Timeline::Idle::kept);
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | loop->socket_flags(), 0, ends.data()), 0);
  const FileDescriptor reader(ends[1]);
  Sender sender(*loop);
  sender.stream.open(FileDescriptor(ends[0]));
  const auto send = [&](std::string_view text) {
    const std::uint64_t before = loop->traffic().sent;
    sender.stream.output().append(text);
    sender.stream.flush();
    while (loop->traffic().sent < before + text.size()) loop->turn();
  };
  Counting counting;
  send("before");
  SecondClock clock(
      *loop, timeline,
      Clock::now() - 900ms, [&](net::Traffic moved) -> auto& { return counting.complete(moved); });
  send("the first second");
  while (counting.asked == 0) loop->turn();
  send("the second one");
  clock.stop();
  const std::vector<metrics::Row> rows = timeline.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].counters.bytes_sent, std::string("beforethe first second").size());
  EXPECT_EQ(rows[1].counters.bytes_sent, std::string("the second one").size());
  sender.stream.abort();
  while (!sender.ended) loop->turn();
}

// Nobody waits for a thread that has left.
TEST(SecondClock, LeavesTheTimelineToTheOthers) {
  const auto loop = net::find_engine("epoll")->make();
  metrics::Timeline timeline(2, metrics::Timeline::Idle::kept);
  Counting counting;
  SecondClock clock(
      *loop, timeline,
      Clock::now(), [&](net::Traffic moved) -> auto& { return counting.complete(moved); });
  clock.stop();
  timeline.add(0, {});
  timeline.add(1, {});
  EXPECT_EQ(timeline.latest(0).value().number, 1U);
}

}  // namespace
}  // namespace millrace::threads
