// Streams on a made-up engine: what they ask of it, and what they tell their owner. No socket is
// needed for that.
#include "net/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "made_up_engine.h"

namespace millrace::net {
namespace {

// Its owner, whose reactions a test fills in.
struct Owner final : StreamHandler {
  explicit Owner(EventLoop& loop, Side side = Side::server) : stream(loop, *this, side) {}
  void on_connected() override {
    EXPECT_FALSE(std::exchange(connected, true));
    if (at_connected) at_connected();
  }
  std::size_t on_bytes(std::string_view bytes) override {
    EXPECT_EQ(ends, 0);
    if (at_bytes) return at_bytes(bytes);
    return keep(bytes);
  }
  void on_all_sent() override {
    if (at_all_sent) at_all_sent();
  }
  [[nodiscard]] std::uint64_t unwanted() const override { return content; }
  void on_dropped(std::uint64_t bytes) override {
    EXPECT_EQ(ends, 0);
    content -= bytes;
    if (at_dropped) at_dropped();
  }
  void on_end(int error) override {
    ++ends;
    end_error = error;
    // As it may destroy this, it is called where it cannot be destroyed itself.
    if (const auto last = std::exchange(at_end, nullptr)) last();
  }
  std::size_t keep(std::string_view bytes) {
    received += bytes;
    return bytes.size();
  }
  void say(std::string_view text) {
    stream.output().append(text);
    stream.flush();
  }

  std::function<void()> at_connected;
  std::function<std::size_t(std::string_view)> at_bytes;
  std::function<void()> at_all_sent;
  std::function<void()> at_dropped;
  std::function<void()> at_end;
  std::string received;
  std::uint64_t content = 0;  // of what comes next, how much it does not need
  bool connected = false;
  int ends = 0;
  int end_error = -1;
  Stream stream;
};

class StreamOnEngine : public testing::TestWithParam<MadeUpEngine::Manner> {
 protected:
  [[nodiscard]] static bool later() { return GetParam() == MadeUpEngine::Manner::later; }

  // Lets what is under way end, and the turn.
  void end_turn() {
    engine.complete_close();
    engine.turn();
  }

  MadeUpEngine engine{GetParam()};
  Owner owner{engine};
  SocketAddress nowhere;
};

INSTANTIATE_TEST_SUITE_P(Manners, StreamOnEngine,
                         testing::Values(MadeUpEngine::Manner::at_once,
                                         MadeUpEngine::Manner::later),
                         [](const auto& info) {
                           const bool later = info.param == MadeUpEngine::Manner::later;
                           return std::string(later ? "later" : "at_once");
                         });

TEST_P(StreamOnEngine, IsReadFromWhenItIsConnectedAndNotBefore) {
  owner.at_connected = [&] { owner.stream.output().append("EHLO"); };
  owner.stream.connect(FileDescriptor(), nowhere);
  owner.say("too early");
  owner.stream.hold();
  EXPECT_FALSE(owner.connected);
  EXPECT_EQ(engine.deliver("too early"), 0U);
  engine.complete_connect();
  EXPECT_TRUE(owner.connected);
  EXPECT_EQ(engine.deliver("220"), 3U);
  EXPECT_EQ(owner.received, "220");
  engine.complete_write();
  EXPECT_EQ(engine.taken, "EHLO");
}

TEST_P(StreamOnEngine, ARefusedConnectIsToldAtTheEndOfTheTurn) {
  owner.stream.connect(FileDescriptor(), nowhere);
  engine.complete_connect(ECONNREFUSED);
  EXPECT_EQ(owner.ends, 0);
  engine.turn();
  EXPECT_FALSE(owner.connected);
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, ECONNREFUSED);
}

TEST_P(StreamOnEngine, AConnectMayBeGivenUp) {
  owner.stream.connect(FileDescriptor(), nowhere);
  owner.stream.abort();
  engine.complete_connect();
  engine.turn();
  EXPECT_FALSE(owner.connected);
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, 0);
}

TEST_P(StreamOnEngine, WhatComesInPiecesIsAnsweredOnceAPiece) {
  owner.at_bytes = [&](std::string_view bytes) {
    owner.stream.output().append("2");
    owner.stream.output().append("50");
    return owner.keep(bytes);
  };
  owner.stream.open(FileDescriptor());
  for (const char* const piece : {"NO", "OP\r", "\n"}) {
    engine.deliver(piece);
    engine.complete_write();
  }
  EXPECT_EQ(owner.received, "NOOP\r\n");
  EXPECT_EQ(engine.taken, "250250250");
  EXPECT_EQ(engine.writes, 3);
}

TEST_P(StreamOnEngine, WhatIsTakenInPartsKeepsItsOrder) {
  const std::string body(10, 'b');
  owner.stream.open(FileDescriptor());
  owner.stream.output().append("head ");
  owner.stream.output().append_borrowed(body);
  owner.stream.flush();
  engine.complete_write(3);
  owner.say(" tail");  // behind what is being sent
  EXPECT_EQ(engine.taken, "hea");
  for (int part = 0; part < 4; ++part) {
    EXPECT_FALSE(owner.stream.all_sent());
    engine.complete_write(5);
  }
  EXPECT_TRUE(owner.stream.all_sent());
  EXPECT_EQ(engine.taken, "head " + body + " tail");
}

TEST_P(StreamOnEngine, AnEngineMayTakeAllAtOnce) {
  engine.takes_at_once = true;
  owner.at_bytes = [&](std::string_view bytes) {
    owner.say("at once,");  // within the call
    owner.stream.output().append("then ");
    return owner.keep(bytes);
  };
  owner.stream.open(FileDescriptor());
  for (const char* const piece : {"one", "two"}) {
    engine.deliver(piece);
    if (later()) engine.complete_write();
    if (later()) engine.complete_write();
  }
  EXPECT_EQ(engine.taken, "at once,then at once,then ");
  EXPECT_TRUE(owner.stream.all_sent());
}

TEST_P(StreamOnEngine, AHeldStreamIsOfferedWhatWaitedBeforeWhatIsNew) {
  owner.at_bytes = [&](std::string_view bytes) {
    owner.stream.hold();
    return owner.keep(bytes.substr(0, 1));
  };
  owner.stream.open(FileDescriptor());
  engine.deliver("abc");
  // What comes until the engine has stopped is kept.
  EXPECT_EQ(engine.deliver("def"), later() ? 3U : 0U);
  engine.complete_cancel();
  EXPECT_FALSE(engine.receives());
  EXPECT_EQ(owner.received, "a");
  owner.stream.release();
  EXPECT_EQ(owner.received, "ab");
  EXPECT_FALSE(engine.receives());
  owner.at_bytes = nullptr;
  owner.stream.release();
  EXPECT_EQ(owner.received, later() ? "abcdef" : "abc");
  engine.deliver("g");
  EXPECT_EQ(owner.received, later() ? "abcdefg" : "abcg");
}

TEST_P(StreamOnEngine, AStreamReleasedBeforeTheEngineHasStoppedReadsOn) {
  owner.stream.open(FileDescriptor());
  owner.stream.hold();
  owner.stream.release();
  engine.complete_cancel();
  EXPECT_EQ(engine.deliver("abc"), 3U);
  EXPECT_EQ(owner.received, "abc");
}

TEST_P(StreamOnEngine, AllSentIsToldWhileItIsHeldAndNotElse) {
  int told = 0;
  owner.at_all_sent = [&] { ++told; };
  owner.stream.open(FileDescriptor());
  owner.say("250");
  engine.complete_write();
  EXPECT_EQ(told, 0);
  owner.stream.hold();
  owner.say("250");
  engine.complete_write(1);
  EXPECT_EQ(told, 0);
  engine.complete_write();
  EXPECT_EQ(told, 1);
}

// A server's peer that does not take its replies is not read from; a client always reads.
TEST_P(StreamOnEngine, AServerWhoseRepliesWaitDoesNotRead) {
  const std::string replies(300'000, 'r');
  owner.stream.open(FileDescriptor());
  owner.say("220");  // is taken by nobody, so that the replies stay behind it
  owner.at_bytes = [&](std::string_view bytes) {
    owner.stream.output().append(replies);
    return owner.keep(bytes);
  };
  engine.deliver("one");
  engine.complete_cancel();
  EXPECT_EQ(engine.deliver("two"), 0U);
  engine.complete_write();
  engine.complete_write();
  EXPECT_EQ(engine.deliver("two"), 3U);
  EXPECT_EQ(owner.received, "onetwo");
}

TEST_P(StreamOnEngine, AClientReadsWhileItsMailWaits) {
  Owner client(engine, Side::client);
  client.stream.open(FileDescriptor());
  client.say("EHLO");
  client.say(std::string(300'000, 'm'));
  engine.deliver("one");
  EXPECT_EQ(engine.deliver("two"), 3U);
  EXPECT_EQ(client.received, "onetwo");
}

TEST_P(StreamOnEngine, ContentThatNobodyNeedsIsDroppedWhereItPays) {
  constexpr std::uint64_t kLittle = 1'000;
  constexpr std::uint64_t kMuch = 6'000'000;
  const std::string content(kMuch, 'x');
  owner.content = kLittle;
  owner.stream.open(FileDescriptor());
  owner.at_bytes = [&](std::string_view bytes) {
    owner.content = bytes == "BDAT" ? kMuch : 0;
    return owner.keep(bytes);
  };
  EXPECT_EQ(engine.deliver("few"), 3U);
  engine.deliver("BDAT");
  engine.complete_cancel();
  EXPECT_EQ(owner.received, "fewBDAT");
  owner.at_dropped = [&] { owner.stream.output().append("."); };
  std::size_t came = engine.deliver(content);
  EXPECT_LT(came, kMuch);  // in parts, so that progress is seen
  came += engine.deliver(std::string_view(content).substr(came));
  EXPECT_EQ(came, kMuch);
  EXPECT_EQ(engine.dropped, kMuch);
  EXPECT_EQ(owner.content, 0U);
  EXPECT_EQ(owner.received, "fewBDAT");
  engine.complete_write();
  engine.complete_write();
  EXPECT_EQ(engine.taken, "..");
  // While it is held nothing is dropped behind its back.
  owner.content = kMuch;
  owner.stream.hold();
  engine.deliver("held");
  EXPECT_EQ(engine.dropped, kMuch);
}

TEST_P(StreamOnEngine, AfterThePeersEndWhatWaitsIsStillSent) {
  owner.stream.open(FileDescriptor());
  owner.say("250");
  engine.deliver_end();
  end_turn();
  EXPECT_EQ(owner.ends, 0);
  engine.complete_write(2);
  EXPECT_FALSE(engine.closing());
  engine.complete_write();
  EXPECT_TRUE(engine.closing());
  end_turn();
  EXPECT_EQ(engine.taken, "250");
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, 0);
}

TEST_P(StreamOnEngine, AfterThePeersEndWhatIsHeldIsStillAnswered) {
  bool first = true;
  owner.at_bytes = [&](std::string_view bytes) {
    if (std::exchange(first, false)) {
      owner.stream.hold();
      return std::size_t{0};
    }
    owner.stream.output().append("250");
    return owner.keep(bytes);
  };
  owner.stream.open(FileDescriptor());
  engine.deliver("NOOP");
  engine.deliver_end();
  EXPECT_FALSE(engine.closing());
  owner.stream.release();
  EXPECT_EQ(owner.received, "NOOP");
  if (!later()) engine.deliver_end();  // had stopped, and is told so when it reads again
  engine.complete_write();
  end_turn();
  EXPECT_EQ(engine.taken, "250");
  EXPECT_EQ(owner.ends, 1);
}

TEST_P(StreamOnEngine, FinishingSendsAllThenTellsThePeerAndWaitsForIt) {
  owner.stream.open(FileDescriptor());
  owner.say("221");
  owner.stream.finish();
  EXPECT_FALSE(engine.output_ended);
  engine.complete_write(1);
  EXPECT_FALSE(engine.output_ended);
  engine.complete_write();
  EXPECT_TRUE(engine.output_ended);
  EXPECT_EQ(engine.deliver("late"), 4U);  // is read, so that the peer can go on to its end
  EXPECT_EQ(owner.received, "");
  EXPECT_FALSE(engine.closing());
  engine.deliver_end();
  end_turn();
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, 0);
}

TEST_P(StreamOnEngine, AFinishedStreamReadsOnThoughItWasHeld) {
  owner.at_bytes = [&](std::string_view) {
    owner.stream.hold();
    return std::size_t{0};
  };
  owner.stream.open(FileDescriptor());
  engine.deliver("NOOP");
  owner.stream.finish();
  engine.complete_cancel();
  EXPECT_TRUE(engine.receives());
  engine.deliver_end();
  end_turn();
  EXPECT_EQ(owner.ends, 1);
}

TEST_P(StreamOnEngine, APeerThatHasGoneIsNotToldOfTheEnd) {
  owner.stream.open(FileDescriptor());
  owner.say("221");
  engine.deliver_end();
  owner.stream.finish();
  engine.complete_write();
  EXPECT_FALSE(engine.output_ended);
  end_turn();
  EXPECT_EQ(owner.ends, 1);
}

TEST_P(StreamOnEngine, AFailedSendEndsIt) {
  owner.stream.open(FileDescriptor());
  owner.say("250");
  engine.complete_write(0, EPIPE);
  end_turn();
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, EPIPE);
}

// However the peer hangs up, it has what was said.
TEST_P(StreamOnEngine, AFailureAfterTheGoodbyeIsNone) {
  owner.stream.open(FileDescriptor());
  owner.say("221");
  owner.stream.finish();
  engine.complete_write();
  engine.deliver_end(ECONNRESET);
  end_turn();
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, 0);
}

TEST_P(StreamOnEngine, AFailureBeforeTheGoodbyeIsAnError) {
  owner.stream.open(FileDescriptor());
  owner.say("221");
  owner.stream.finish();
  engine.deliver_end(ECONNRESET);
  end_turn();
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, ECONNRESET);
}

// The owner may end it in whatever it is told: it hears nothing more but of the end, and of that
// when the engine is done and the turn is over.
TEST_P(StreamOnEngine, AStreamMayEndInAnyCallToItsOwner) {
  const auto abort = [this] {
    owner.stream.abort();
    EXPECT_EQ(owner.ends, 0);
  };
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"on_connected",
       [&] {
         owner.at_connected = abort;
         owner.stream.connect(FileDescriptor(), nowhere);
         engine.complete_connect();
       }},
      {"on_bytes",
       [&] {
         owner.at_bytes = [&](std::string_view bytes) {
           owner.stream.output().append("is not sent any more");
           abort();
           return bytes.size();
         };
         owner.stream.open(FileDescriptor());
         engine.deliver("QUIT");
       }},
      {"on_bytes of what waited",
       [&] {
         owner.at_bytes = [&](std::string_view) {
           owner.stream.hold();
           return std::size_t{0};
         };
         owner.stream.open(FileDescriptor());
         engine.deliver("QUIT");
         owner.at_bytes = [&](std::string_view) {
           abort();
           return std::size_t{1};  // what is left is not offered
         };
         owner.stream.release();
       }},
      {"on_dropped",
       [&] {
         owner.at_dropped = abort;
         owner.content = 100'000;
         owner.stream.open(FileDescriptor());
         engine.deliver("content");
       }},
      {"on_all_sent",
       [&] {
         owner.at_all_sent = abort;
         owner.stream.open(FileDescriptor());
         owner.stream.hold();
         owner.say("250");
         engine.complete_write();
       }},
  };
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    owner.at_connected = owner.at_all_sent = owner.at_dropped = nullptr;
    owner.at_bytes = nullptr;
    owner.content = 0;
    owner.ends = 0;
    owner.connected = false;
    engine.taken.clear();
    call();
    EXPECT_TRUE(engine.closing());
    EXPECT_EQ(engine.deliver("more"), 0U);
    owner.say("nothing");
    owner.stream.abort();
    end_turn();
    EXPECT_EQ(owner.ends, 1);
    EXPECT_TRUE(engine.taken.empty() || engine.taken == "250");
    engine.turn();
    EXPECT_EQ(owner.ends, 1);
  }
}

TEST_P(StreamOnEngine, ItsEndWaitsForWhatTheEngineHasUnderWay) {
  owner.stream.open(FileDescriptor());
  owner.say("250");
  owner.stream.abort();
  engine.turn();
  EXPECT_EQ(owner.ends, later() ? 0 : 1);
  engine.complete_write(0, ECANCELED);
  engine.turn();
  EXPECT_EQ(owner.ends, later() ? 0 : 1);  // the receive is still out
  engine.deliver_end(ECANCELED);
  engine.turn();
  EXPECT_EQ(owner.ends, 1);
  EXPECT_EQ(owner.end_error, 0);
}

TEST_P(StreamOnEngine, MayBeDestroyedWhenItsEndIsTold) {
  auto short_lived = std::make_unique<Owner>(engine);
  bool told = false;
  short_lived->at_end = [&] {
    short_lived.reset();
    told = true;
  };
  short_lived->stream.open(FileDescriptor());
  short_lived->say(std::string(100'000, 'r'));  // so much that the loop looks at its memory later
  engine.complete_write();
  engine.deliver_end();
  end_turn();
  EXPECT_TRUE(told);
  EXPECT_EQ(short_lived, nullptr);
  engine.turn();
}

TEST_P(StreamOnEngine, MayBeOpenedAnewWhenItsEndIsTold) {
  owner.at_end = [&] {
    owner.ends = 0;
    owner.stream.open(FileDescriptor());
  };
  owner.stream.open(FileDescriptor());
  owner.say("lost");
  owner.stream.hold();
  owner.stream.abort();
  end_turn();
  // Nothing is left of what was said, held or asked for.
  EXPECT_EQ(engine.deliver("again"), 5U);
  owner.say("250");
  engine.complete_write();
  EXPECT_EQ(owner.received, "again");
  EXPECT_EQ(engine.taken, "250");
  engine.turn();
  EXPECT_EQ(owner.ends, 0);
}

}  // namespace
}  // namespace millrace::net
