#include "proof/journal_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/diagnostics.h"
#include "made_up_journal.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

using tests::all_records;
using tests::made_up_header;
using tests::run_number;
using tests::ScratchDirectory;

const RunId kRun = run_number(1);
constexpr std::int64_t kTooLate = (std::int64_t{1} << 53U) + 1;  // microseconds

SentRecord sent(std::uint64_t message, std::uint16_t recipient = 0) {
  return {
      .message = message, .recipient = recipient, .sent = Micros{1'000 * std::int64_t(message)}};
}

std::string refusal_of(const std::string& path, Side side) {
  try {
    JournalReader reader(path, side);
    if (side == Side::sent) {
      all_records<SentRecord>(reader);
    } else {
      all_records<TakenRecord>(reader);
    }
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

// Five blocks, of one record each, with names and texts; closed.
std::string small_journal(const ScratchDirectory& scratch) {
  JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
  JournalWriter writer(file);
  EXPECT_EQ(file.name(NameOf::kind, 0, "letter"), 0);
  for (std::uint64_t message = 0; message < 5; ++message) {
    EXPECT_EQ(writer.add(sent(message), "queue id " + std::to_string(message)), 0);
    EXPECT_EQ(writer.flush(), 0);
  }
  EXPECT_EQ(file.close(), 0);
  return file.path();
}

// The block that `payload` makes, sealed as of the journal that begins with `header`.
std::string block(const JournalHeader& header, BlockKind kind, std::size_t records,
                  std::string_view payload) {
  std::string bytes(sizeof(BlockHeader), '\0');
  bytes += payload;
  seal(bytes, kind, records, header.checksum);
  return bytes;
}

// What a process leaves that is killed anywhere.
TEST(JournalReader, CutAnywhereGivesItsWholeBlocksAndNoMore) {
  const ScratchDirectory scratch;
  const std::string whole = read_file(small_journal(scratch));
  std::vector<std::size_t> ends;  // of blocks with a record
  std::vector<std::size_t> all_ends = {sizeof(JournalHeader)};
  while (all_ends.back() < whole.size()) {
    BlockHeader header;
    std::memcpy(&header, whole.data() + all_ends.back(), sizeof header);
    all_ends.push_back(all_ends.back() + sizeof header + header.length);
    if (header.kind == BlockKind::records) ends.push_back(all_ends.back());
  }
  ASSERT_EQ(ends.size(), 5U);
  for (std::size_t size = sizeof(JournalHeader); size <= whole.size(); ++size) {
    for (const bool nought : {false, true}) {  // as a machine that dies may leave it
      const std::string zeros(nought ? whole.size() - size : 0, '\0');
      const std::string path = scratch.write("cut.proof", whole.substr(0, size) + zeros);
      JournalReader reader(path, Side::sent);
      const auto records = all_records<SentRecord>(reader);
      const auto expected =
          std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end <= size; });
      // (A last byte may be a nought by itself.)
      if (!nought || whole[size - 1] != '\0') {
        ASSERT_EQ(records.size(), static_cast<std::size_t>(expected)) << size << nought;
      }
      for (std::size_t place = 0; place < records.size(); ++place) {
        ASSERT_EQ(records[place].record.message, place);
        ASSERT_EQ(records[place].text, "queue id " + std::to_string(place));
      }
      if (!nought) {
        ASSERT_EQ(reader.broke_off(), size < whole.size());
        const auto behind = std::upper_bound(all_ends.begin(), all_ends.end(), size);
        ASSERT_EQ(reader.left_out(), size - *(behind - 1));
      }
    }
  }
}

// Of any length: it is not read at once.
TEST(JournalReader, NoughtsBehindTheLastBlockAreLeftOut) {
  const ScratchDirectory scratch;
  const std::string closed = read_file(small_journal(scratch));
  const std::size_t end = sizeof(BlockHeader) + sizeof(std::uint64_t);
  const std::string whole = closed.substr(0, closed.size() - end);
  const std::size_t last = sizeof(BlockHeader) + sizeof(PackedSent) + sizeof "queue id 4";
  for (const std::size_t cut : {0U, 10U, 20U}) {  // bytes of the last block
    const std::size_t half = cut == 0 ? 0 : last - cut;
    for (const std::size_t noughts : {1U, 20U, 60U, 600'000U}) {
      std::string bytes = whole.substr(0, whole.size() - cut) + std::string(noughts, '\0');
      const std::string path = scratch.write("noughts.proof", bytes);
      JournalReader reader(path, Side::sent);
      EXPECT_EQ(all_records<SentRecord>(reader).size(), cut == 0 ? 5U : 4U);
      EXPECT_TRUE(reader.broke_off());
      EXPECT_EQ(reader.left_out(), half + noughts);
      if (noughts <= last) continue;
      bytes.back() = 'x';
      scratch.write("noughts.proof", bytes);
      EXPECT_NE(refusal_of(path, Side::sent), "") << cut << " " << noughts;
    }
  }
}

TEST(JournalReader, AnyByteThatIsAnotherIsNoticed) {
  const ScratchDirectory scratch;
  const std::string whole = read_file(small_journal(scratch));
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      std::string other = whole;
      other[place] = static_cast<char>(static_cast<unsigned char>(other[place]) ^ flip);
      const std::string path = scratch.write("other.proof", other);
      try {
        JournalReader reader(path, Side::sent);
        const auto records = all_records<SentRecord>(reader);
        ASSERT_TRUE(reader.broke_off() && reader.left_out() > 0) << place;
        ASSERT_LE(records.size(), 5U);
        for (std::size_t number = 0; number < records.size(); ++number) {
          ASSERT_EQ(records[number].record.message, number);
        }
      } catch (const Fatal& error) {
        ASSERT_NE(std::string_view(error.what()).find(path), std::string_view::npos);
      }
    }
  }
}

TEST(JournalReader, WhatIsNoneIsRefusedInOneSentence) {
  const ScratchDirectory scratch;
  JournalHeader header = made_up_header(Side::sent, kRun);
  seal(header);
  const auto bytes = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto header_with = [&](auto change) {
    JournalHeader other = header;
    change(other);
    seal(other);
    return bytes(other);
  };
  const std::string good = bytes(header);
  const std::string record = bytes(pack(sent(1), TextOf::none));
  const std::string texted = bytes(pack(sent(1), TextOf::own));
  const std::string again = bytes(pack(sent(1), TextOf::before));
  const std::string name("\1\0\2\0letter", 10);
  const std::string longest = std::string("\1\0\1\0", 4) + std::string(kMostText, 'x');
  const std::string none = bytes(std::uint64_t{0});
  std::string unsealed = good;
  unsealed[20] ^= 1;
  const auto with = [&](BlockKind kind, std::size_t records, std::string_view payload) {
    return good + block(header, kind, records, payload);
  };
  const std::string end = with(BlockKind::end, 0, none);
  struct Case {
    std::string bytes;
    std::string_view refusal;
  };
  const std::vector<Case> cases = {
      {"", "it is empty, so it is no journal"},
      {"MILL", "cut within its header, at 4"},
      {"From me", "no journal: it does not begin as one"},
      {std::string(100, 'x'), "no journal: it does not begin as one"},
      {good.substr(0, 63), "cut within its header, at 63"},
      {header_with([](auto& one) { one.version = 2; }),
       "a journal of version 2, and this program reads version 1"},
      {unsealed, "its header is damaged"},
      {header_with([](auto& one) { one.side = Side{3}; }), "damaged at 0: no side known wrote it"},
      {header_with([](auto& one) { one.size = 72; }), "damaged at 0: a header of another form"},
      {header_with([](auto& one) { one.start = -1; }), "damaged at 0: a start that no clock had"},
      {header_with([](auto& one) { one.start = kTooLate; }),
       "damaged at 0: a start that no clock had"},
      {header_with([](auto& one) { one.start_monotonic = -1; }),
       "damaged at 0: a start that no clock had"},
      {header_with([](auto& one) { one.start_monotonic = kTooLate; }),
       "damaged at 0: a start that no clock had"},
      {header_with([](auto& one) { one.side = Side::taken; }),
       "the journal of a sink (what was taken), where that of a source (what was sent) is wanted"},
      {good + std::string(40, 'x'), "damaged at 64: no block begins here"},
      {with(BlockKind{4}, 0, "x"), "damaged at 64: no block begins here"},
      {good + block(made_up_header(Side::sent, run_number(2)), BlockKind::end, 0, none) + good,
       "damaged at 64: a block whose checksum is not right"},
      {with(BlockKind::records, 0, ""), "damaged at 64: a block without its records"},
      {with(BlockKind::records, 2, record), "damaged at 64: a block without its records"},
      {with(BlockKind::records, 1, record + "x"),
       "damaged at 104: more in a block than its records have"},
      {with(BlockKind::records, 1, texted), "damaged at 104: a text that goes beyond its block"},
      {with(BlockKind::records, 1, texted + "\5abcd"),
       "damaged at 104: a text that goes beyond its block"},
      {with(BlockKind::records, 1, again), "damaged at 80: a text that was to come before"},
      {with(BlockKind::records, 1, texted + "\1x") + block(header, BlockKind::records, 1, again),
       "damaged at 122: a text that was to come before"},
      {with(BlockKind::name, 0, std::string(kMostBlock, 'x')),
       "damaged at 64: no block begins here"},
      {with(BlockKind::records, 1, std::string(24, '\xff')),
       "damaged at 80: a record with a value that none can have"},
      {with(BlockKind::name, 1, name), "damaged at 64: records in a block that has none"},
      {with(BlockKind::name, 0, "\1"), "damaged at 64: a name of another form"},
      {with(BlockKind::name, 0, name + std::string(300, 'x')),
       "damaged at 64: a name of another form"},
      {with(BlockKind::name, 0, std::string("\6\0\2\0letter", 10)),
       "damaged at 64: a name of nothing that is known"},
      {with(BlockKind::name, 0, std::string("\1\0\0\1letter", 10)),
       "damaged at 64: a name that no record can have"},
      {with(BlockKind::name, 0, std::string("\4\0\1\0letter", 10)),
       "damaged at 64: a run of another form"},
      {with(BlockKind::name, 0, std::string("\4\0\0\0", 4) + std::string(16, 'r')),
       "damaged at 64: a run of another form"},
      {with(BlockKind::name, 0, longest + "x"), "damaged at 64: a name of another form"},
      {with(BlockKind::name, 0, name) + block(header, BlockKind::name, 0, name),
       "damaged at 90: a name that was told before"},
      {with(BlockKind::end, 0, "x"), "damaged at 64: an end of another form"},
      {with(BlockKind::end, 0, bytes(std::uint64_t{3})),
       "damaged at 64: it ends with another number of records than it has"},
      {end + "x", "damaged at 88: it goes on behind its end"},
  };
  for (const auto& [content, refusal] : cases) {
    const std::string path = scratch.write("some.proof", content);
    EXPECT_EQ(refusal_of(path, Side::sent), path + ": " + std::string(refusal));
  }
  for (const std::string& content :
       {end, header_with([](auto& one) { one.start = one.start_monotonic = kTooLate - 1; }),
        header_with([](auto& one) { one.start = one.start_monotonic = 0; }),
        with(BlockKind::name, 0, longest), with(BlockKind::name, 0, longest.substr(0, 4)),
        with(BlockKind::name, 0, std::string("\1\0\xff\0letter", 10))}) {
    EXPECT_EQ(refusal_of(scratch.write("good.proof", content), Side::sent), "");
  }
  EXPECT_NE(refusal_of("/dev/null", Side::sent), "");
  const std::string none_there = scratch.path("none");
  EXPECT_EQ(refusal_of(none_there, Side::sent),
            "open " + none_there + ": No such file or directory");
  const std::string pipe = scratch.path("pipe");  // nobody is waited for at its other end
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal_of(pipe, Side::sent), pipe + ": a journal must be a plain file");
}

// Of blocks as large as can be, of which not all are in memory by then.
TEST(JournalReader, SaysWhereALongJournalIsDamaged) {
  const ScratchDirectory scratch;
  JournalHeader header = made_up_header(Side::sent, kRun);
  seal(header);
  const auto bytes = [](const auto& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const std::string record = bytes(pack(sent(1), TextOf::none));
  constexpr std::size_t kRecords = (kMostBlock - sizeof(BlockHeader)) / sizeof(PackedSent);
  std::string full;
  while (full.size() < kRecords * sizeof(PackedSent)) full += record;
  ASSERT_EQ(sizeof(BlockHeader) + full.size(), kMostBlock);
  std::string whole = bytes(header);
  for (int count = 0; count < 9; ++count) {
    whole += block(header, BlockKind::records, kRecords, full);
  }
  const auto with = [&](BlockKind kind, std::size_t records, std::string_view payload) {
    return block(header, kind, records, payload);
  };
  const std::string end = with(BlockKind::end, 0, bytes(std::uint64_t{9 * kRecords}));
  struct Case {
    std::string bytes;
    std::size_t place;  // behind the full blocks
    std::string_view what;
  };
  const std::vector<Case> cases = {
      {std::string(40, 'x'), 0, "no block begins here"},
      {with(BlockKind::records, 0, ""), 0, "a block without its records"},
      {with(BlockKind::records, 1, bytes(pack(sent(1), TextOf::own))), 40,
       "a text that goes beyond its block"},
      {with(BlockKind::records, 1, bytes(pack(sent(1), TextOf::before))), 16,
       "a text that was to come before"},
      {with(BlockKind::records, 2, record + std::string(24, '\xff')), 40,
       "a record with a value that none can have"},
      {with(BlockKind::records, 1, record + "x"), 40, "more in a block than its records have"},
      {with(BlockKind::name, 0, std::string("\6\0\2\0letter", 10)), 0,
       "a name of nothing that is known"},
      {end + "x", end.size(), "it goes on behind its end"},
  };
  for (const auto& [content, place, what] : cases) {
    const std::string path = scratch.write("long.proof", whole + content);
    EXPECT_EQ(
        refusal_of(path, Side::sent),
        path + ": damaged at " + std::to_string(whole.size() + place) + ": " + std::string(what));
  }
  EXPECT_EQ(refusal_of(scratch.write("long.proof", whole + end), Side::sent), "");
}

TEST(JournalReader, TellsWhoseAJournalIsAndWhetherTagsWereChecked) {
  const ScratchDirectory scratch;
  const std::string source = small_journal(scratch);
  EXPECT_EQ(side_of(source), Side::sent);
  JournalHeader header = made_up_header(Side::taken, kRun);
  header.unchecked = 1;
  const JournalFile sink(scratch.path("got.proof"), header);
  EXPECT_EQ(side_of(sink.path()), Side::taken);
  EXPECT_EQ(JournalReader(sink.path(), Side::taken).header().unchecked, 1);
  header.unchecked = 2;
  const JournalFile odd(scratch.path("odd.proof"), header);
  EXPECT_THROW(side_of(odd.path()), Fatal);
  header = made_up_header(Side::sent, kRun);
  header.unchecked = 1;
  const JournalFile wrong(scratch.path("wrong.proof"), header);
  EXPECT_THROW(side_of(wrong.path()), Fatal);
}

}  // namespace
}  // namespace millrace::proof
