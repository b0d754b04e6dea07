#include "source/message_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/diagnostics.h"
#include "model_server.h"
#include "source/log_record.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using test::NumberedMessages;

smtp::Reply reply(int code, std::string_view text) { return {.code = code, .text = text}; }

// Message 3, from <3@x> to <0@3> and <1@3>.
Delivery delivery_of(std::uint64_t message, std::string_view end) {
  Delivery delivery;
  delivery.begin(message, 2, 2);
  delivery.session = 4;
  delivery.kind = "receipt";
  delivery.tls_version = "TLSv1.3";
  delivery.bytes = 9;
  delivery.intended = Clock::now();
  delivery.begun = delivery.intended + 1500us;
  delivery.recipients[0] = {.reply = delivery.keep(reply(250, "250 2.1.5 Ok")),
                            .fate = Fate::accepted};
  delivery.recipients[1] = {.reply = delivery.keep(reply(550, "550 5.1.1 no such")),
                            .fate = Fate::refused};
  delivery.ends.push_back(delivery.keep(reply(250, end)));
  return delivery;
}

std::string line_of(const Delivery& delivery, LogForm form, std::size_t recipients = 2) {
  const NumberedMessages messages({recipients});
  Output record;
  pack(delivery, messages, delivery.begun + 2s, record);
  std::string line;
  LogLines(form).append(record.text(), line);
  return line;
}

std::chrono::microseconds since(const std::string& first, const std::string& second) {
  const auto microseconds = [](const std::string& text) {
    std::tm parts{};
    const char* const rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
    return std::chrono::seconds(timegm(&parts)) + std::chrono::microseconds(std::stol(rest));
  };
  return microseconds(second) - microseconds(first);
}

TEST(LogLines, SayAllThatIsKnownOfAMessage) {
  const Delivery delivery = delivery_of(3, "250 2.0.0 Ok: queued as 4ABC");
  const std::string line = line_of(delivery, LogForm::json);
  EXPECT_TRUE(line.ends_with("}\n"));
  const Json json = Json::parse(line);
  EXPECT_EQ(json["number"], 3);
  EXPECT_EQ(json["kind"], "receipt");
  EXPECT_EQ(json["attempt"], 2);
  EXPECT_EQ(json["session"], 5) << "as messages count them";
  EXPECT_EQ(json["from"], "3@x");
  EXPECT_EQ(json["recipients"].dump(),
            R"([{"fate":"accepted","reply":"250 2.1.5 Ok","to":"0@3"},)"
            R"({"fate":"refused","reply":"550 5.1.1 no such","to":"1@3"}])");
  EXPECT_EQ(json["outcome"], "partly_accepted");
  EXPECT_EQ(json["reply"], "250 2.0.0 Ok: queued as 4ABC");
  EXPECT_EQ(json["queue_id"], "4ABC");
  EXPECT_EQ(json["bytes"], 9);
  EXPECT_EQ(json["tls"], "TLSv1.3");
  EXPECT_EQ(json.size(), 14U);
  for (const char* const name : {"due", "begun", "ended"}) {
    auto shape = json[name].get<std::string>();
    std::ranges::replace_if(
        shape, [](char byte) { return byte >= '0' && byte <= '9'; }, '9');
    EXPECT_EQ(shape, "9999-99-99T99:99:99.999999Z");
  }
  EXPECT_EQ(since(json["due"], json["begun"]), 1500us);
  EXPECT_EQ(since(json["begun"], json["ended"]), 2s);
}

TEST(LogLines, AMomentIsThatOfTheSystemsClock) {
  UtcText utc;
  std::string text;
  utc.append(Clock::now(), text);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::tm parts{};
  strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
  EXPECT_LT(std::chrono::abs(now - std::chrono::seconds(timegm(&parts))), 1min);
}

TEST(LogLines, WhatServersSayIsPrintableAndInUtf8) {
  const Delivery delivery = delivery_of(0, "250 \"a\\b\"\x1b[2J \xff caf\xc3\xa9\n\u202e\r\t");
  const std::string line = line_of(delivery, LogForm::json);
  EXPECT_EQ(Json::parse(line)["reply"], "250 \"a\\b\"\\x1b[2J \\xff caf\xc3\xa9 \\u202e\\r\\t");
  const std::string row = line_of(delivery, LogForm::csv);
  EXPECT_NE(row.find(R"(,"250 ""a\b""\x1b[2J \xff caf)"), std::string::npos) << row;
  EXPECT_EQ(std::count(row.begin(), row.end(), '\n'), 1);
}

TEST(LogLines, ACsvRowHasTheFieldsOfItsHead) {
  std::string head;
  LogLines(LogForm::csv).append_head(head);
  EXPECT_EQ(head,
            "number,kind,attempt,due,begun,ended,session,from,recipients,outcome,reply,queue_id,"
            "bytes,tls\n");
  const std::string row = line_of(delivery_of(3, "250 OK id=1a-2"), LogForm::csv);
  const std::string expected =
      R"(,5,"3@x","0@3 accepted 250 2.1.5 Ok; 1@3 refused 550 5.1.1 no such",partly_accepted,)"
      R"("250 OK id=1a-2","1a-2",9,TLSv1.3)"
      "\n";
  EXPECT_TRUE(row.starts_with("3,\"receipt\",2,2")) << row;
  EXPECT_TRUE(row.ends_with(expected)) << row;
  std::string end;
  LogLines(LogForm::csv).append_end(7, 2, end);
  EXPECT_EQ(end, "end,7,2,,,,,,,,,,,\n");
  EXPECT_EQ(std::count(end.begin(), end.end(), ','), std::count(head.begin(), head.end(), ','));
}

// A message in two batches is in the queue twice.
TEST(LogLines, NameTheQueueIdsOfAllTransactions) {
  Delivery delivery = delivery_of(0, "250 2.0.0 Ok: queued as A1");
  delivery.ends.push_back(delivery.keep(reply(250, "250 2.0.0 Ok: queued as B2")));
  delivery.ends.push_back(delivery.keep(reply(452, "452 queued as C3")));
  const Json json = Json::parse(line_of(delivery, LogForm::json));
  EXPECT_EQ(json["queue_id"], "A1 B2");
  EXPECT_EQ(json["reply"], "250 2.0.0 Ok: queued as B2");
}

TEST(LogLines, WhereNothingWasSaidThereIsNothing) {
  Delivery delivery;
  delivery.begin(0, 1, 1);
  delivery.recipients[0].fate = Fate::lost;
  delivery.ending = Delivery::Ending::lost;
  const Json json = Json::parse(line_of(delivery, LogForm::json, 1));
  EXPECT_EQ(json["outcome"], "lost");
  EXPECT_EQ(json["reply"], "");
  EXPECT_EQ(json["queue_id"], "");
  EXPECT_EQ(json["kind"], "");
  EXPECT_EQ(json["tls"], "");
  EXPECT_EQ(json["recipients"][0]["reply"], "");
  // A reply of which there was no room for more than its code.
  delivery.recipients[0] = {.reply = {.code = 450}, .fate = Fate::deferred};
  EXPECT_EQ(Json::parse(line_of(delivery, LogForm::json, 1))["recipients"][0]["reply"], "450");
}

class MessageLogTest : public testing::Test {
 protected:
  MessageLogTest() {
    std::string name = std::filesystem::temp_directory_path() / "millrace.XXXXXX";
    directory = mkdtemp(name.data());
    path = directory + "/log";
    divert_messages([this](std::string_view line) { warnings.emplace_back(line); });
  }
  ~MessageLogTest() override {
    divert_messages({});
    std::filesystem::remove_all(directory);
  }

  void open(std::size_t ring_bytes = MessageLog::kRingBytes, unsigned workers = 2) {
    log.emplace(LogTarget{.path = path}, workers, ring_bytes);
  }
  void tell(unsigned worker, std::uint64_t number) {
    log->of_worker(worker).delivered(delivery_of(number, "250 Ok"), messages, Clock::now());
  }
  [[nodiscard]] std::vector<Json> lines() const {
    std::vector<Json> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) all.push_back(Json::parse(line));
    return all;
  }

  const NumberedMessages messages{{2}};
  std::string directory;
  std::string path;
  std::vector<std::string> warnings;
  std::optional<MessageLog> log;
};

TEST_F(MessageLogTest, HasALineAMessageOfEveryWorkerAndAnEnd) {
  std::ofstream(path) << "what was there\n";
  open();
  constexpr std::uint64_t kMessages = 2'000;
  std::thread other([this] {
    for (std::uint64_t number = 1; number < kMessages; number += 2) tell(1, number);
  });
  for (std::uint64_t number = 0; number < kMessages; number += 2) tell(0, number);
  other.join();
  const metrics::LogTotals totals = log->finish();
  EXPECT_EQ(totals.lines, kMessages);
  EXPECT_EQ(totals.dropped, 0U);
  const std::vector<Json> all = lines();
  ASSERT_EQ(all.size(), kMessages + 1);
  std::vector<bool> seen(kMessages);
  for (std::size_t i = 0; i < kMessages; ++i) seen.at(all[i]["number"].get<std::size_t>()) = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), kMessages);
  EXPECT_EQ(all.back().dump(), R"({"dropped":0,"lines":2000})");
  EXPECT_TRUE(warnings.empty());
}

// A reader that takes nothing for a while: a pipe holds 64 KiB, the ring 4 KiB.
TEST_F(MessageLogTest, WhatAReaderIsTooSlowForIsDroppedAndCounted) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const FileDescriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  open(4'096, 1);
  constexpr std::uint64_t kMessages = 5'000;
  for (std::uint64_t number = 0; number < kMessages; ++number) tell(0, number);  // nobody waits
  std::string text;
  std::thread reading([&] {
    fcntl(reader.descriptor(), F_SETFL, 0);
    std::array<char, 4'096> piece;
    for (ssize_t got = 0; (got = read(reader.descriptor(), piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
  });
  const metrics::LogTotals totals = log->finish();
  reading.join();
  EXPECT_GT(totals.dropped, 0U);
  EXPECT_EQ(totals.lines + totals.dropped, kMessages);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            static_cast<std::ptrdiff_t>(totals.lines + 1));
  const Json end = Json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
  EXPECT_EQ(end["dropped"], totals.dropped);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find(path + " was too slow for the run: "), std::string::npos);
}

TEST_F(MessageLogTest, AFullDiskIsSaidOnceAndTheRestIsCounted) {
  path = "/dev/full";
  open();
  for (std::uint64_t number = 0; number < 10; ++number) tell(0, number);
  const metrics::LogTotals totals = log->finish();
  EXPECT_EQ(totals.lines, 0U);
  EXPECT_EQ(totals.dropped, 10U);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("write /dev/full: No space left on device: nothing more is logged"),
            std::string::npos)
      << warnings[0];
}

// Of the line that the disk had no room for there is nothing.
TEST_F(MessageLogTest, ADiskThatFillsUpHoldsWholeLines) {
  open();
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = 5'000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  for (std::uint64_t number = 0; number < 100; ++number) tell(0, number);
  const metrics::LogTotals totals = log->finish();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_GT(totals.lines, 0U);
  EXPECT_EQ(totals.lines + totals.dropped, 100U);
  EXPECT_EQ(lines().size(), totals.lines);
  EXPECT_EQ(warnings.size(), 1U);
}

TEST_F(MessageLogTest, WhatCannotBeOpenedIsSaidBeforeAnythingIsSent) {
  path = directory + "/missing/log";
  EXPECT_THROW(open(), Fatal);
  path = directory;
  EXPECT_THROW(open(), Fatal);
}

}  // namespace
}  // namespace millrace::source
