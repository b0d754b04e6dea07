#include "report/proof/fault_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/input_file.h"
#include "sample_proof.h"
#include "scratch_directory.h"

namespace millrace::report {
namespace {

constexpr std::string_view kHead =
    "what,run,message,recipient,kind,domain,queue_id,code,due,sent,acknowledged,taken,content,"
    "copies,reason,sink_text,journal\r\n";

std::string table_of(const std::vector<proof::Fault>& faults) {
  const tests::ScratchDirectory scratch;
  FaultTable table(scratch.path("faults.csv"));
  for (const proof::Fault& fault : faults) table.add(fault);
  table.finish();
  return read_file(scratch.path("faults.csv"));
}

TEST(FaultTable, HasARowForEachWordOfAFault) {
  EXPECT_EQ(table_of({}), kHead);
  EXPECT_EQ(table_of({test::late_twice()}),
            std::string(kHead) +
                "duplicated,07,42,1,\"letter\",\"a.test\",\"Q\",250,1970-01-01T00:00:01.000000Z,"
                "1970-01-01T00:00:02.000000Z,1970-01-01T00:00:03.000000Z,"
                "1970-01-01T00:00:04.000000Z,same,2,\"\",\"S\",\"got\"\r\n"
                "late,07,42,1,\"letter\",\"a.test\",\"Q\",250,1970-01-01T00:00:01.000000Z,"
                "1970-01-01T00:00:02.000000Z,1970-01-01T00:00:03.000000Z,"
                "1970-01-01T00:00:04.000000Z,same,2,\"\",\"S\",\"got\"\r\n");
}

TEST(FaultTable, LeavesEmptyWhatIsNotKnown) {
  EXPECT_EQ(table_of({{.copies = 1, .comparison = proof::TakenVerdict::forged, .message = 5}}),
            std::string(kHead) + "unexpected,,,,\"\",\"\",\"\",,,,,,forged,1,\"\",\"\",\"\"\r\n");
  EXPECT_EQ(
      table_of({{.verdict = proof::Verdict::doubt_unseen,
                 .run = "07",
                 .message = 5,
                 .code = 0,
                 .sent_text = "a \"reset\",\r\n\x1b"}}),
      std::string(kHead) +
          "in-doubt,07,5,,\"\",\"\",\"\",,,,,,,0,\"a \"\"reset\"\",\\r\\n\\x1b\",\"\",\"\"\r\n");
}

TEST(FaultTable, NoTextIsAFormulaAndEachIsWhatItWas) {
  const auto queue_id = [](const std::string& text) {
    const std::string table =
        table_of({{.verdict = proof::Verdict::lost, .code = 250, .sent_text = text}});
    const std::size_t begin = table.find("\",250") == std::string::npos
                                  ? std::string::npos
                                  : table.rfind(",\"", table.find("\",250")) + 2;
    return table.substr(begin, table.find("\",250") - begin);
  };
  for (const std::string text : {"=1+1", "+1", "-1", "@SUM(A1)", "'=1", "'"}) {
    EXPECT_EQ(queue_id(text), "'" + text);
  }
  for (const std::string text : {"", "4bXyZ1", "a=b", "\\", "<x@y>"}) {
    EXPECT_EQ(queue_id(text), text);
  }
  EXPECT_EQ(queue_id("\t=1"), "\\t=1");
  // No column of others' words is left out.
  const std::string table = table_of({{.verdict = proof::Verdict::lost,
                                       .kind = "=1",
                                       .domain = "=1",
                                       .sent_text = "=1",
                                       .taken_text = "=1",
                                       .taken_in = "=1"}});
  EXPECT_EQ(table.find("\"=1"), std::string::npos);
}

TEST(FaultTable, IsWrittenAsItGrows) {
  const tests::ScratchDirectory scratch;
  const proof::Fault fault{.verdict = proof::Verdict::lost, .sent_text = std::string(255, 'q')};
  std::size_t rows = 0;
  FaultTable table(scratch.path("faults.csv"));
  for (; rows < 10'000; ++rows) table.add(fault);
  EXPECT_EQ(access(scratch.path("faults.csv").c_str(), F_OK), -1);
  table.finish();
  const std::string text = read_file(scratch.path("faults.csv"));
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), rows + 1);
}

}  // namespace
}  // namespace millrace::report
