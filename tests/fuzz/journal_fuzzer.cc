// Files that claim to be journals of a source and of a sink: read and reconciled, or refused in one
// line. The first byte says whether their checksums are put right first, without which little gets
// beyond them; the next two, how much of the rest is the source's.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <numeric>
#include <string>

#include "base/diagnostics.h"
#include "base/file_descriptor.h"
#include "pieces.h"
#include "proof/reconcile.h"

using namespace millrace;
using namespace millrace::proof;

namespace {

void put_right(std::string& journal) {
  JournalHeader header;
  if (journal.size() < sizeof header) return;
  std::memcpy(&header, journal.data(), sizeof header);
  seal(header);
  std::memcpy(journal.data(), &header, sizeof header);
  for (std::size_t at = sizeof header; journal.size() - at >= sizeof(BlockHeader);) {
    BlockHeader block;
    std::memcpy(&block, journal.data() + at, sizeof block);
    const std::size_t whole = sizeof block + block.length;
    if (whole > journal.size() - at) return;
    std::string sealed = journal.substr(at, whole);
    seal(sealed, block.kind, block.records, header.checksum);
    journal.replace(at, sizeof block, sealed, 0, sizeof block);
    at += whole;
  }
}

// A file in memory and the path to it.
struct MemoryFile {
  explicit MemoryFile(const std::string& bytes) : file(memfd_create("journal", MFD_CLOEXEC)) {
    fuzz::require(write(file.descriptor(), bytes.data(), bytes.size()) ==
                  static_cast<ssize_t>(bytes.size()));
    path = "/proc/self/fd/" + std::to_string(file.descriptor());
  }

  FileDescriptor file;
  std::string path;
};

void look_at(const Reconciliation& result) {
  const ProofCounts& counts = result.counts;
  const auto all =
      std::accumulate(counts.by_verdict.begin(), counts.by_verdict.end(), std::uint64_t{0});
  fuzz::require(all <= result.sent.at(0).records + result.taken.at(0).records);
  fuzz::require(counts.in_order <= counts.of(Verdict::delivered));
  fuzz::require(counts.of(Verdict::delivered) + counts.of(Verdict::lost) <= counts.accepted);
  fuzz::require(result.latency.sent.count() == counts.of(Verdict::delivered));
  fuzz::require(result.faults_told <= result.faults);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t first = std::min<std::size_t>(rest.size(), data[1] + 256U * data[2]);
  std::string sent = rest.substr(0, first);
  std::string taken = rest.substr(first);
  if (data[0] % 2 == 0) {
    put_right(sent);
    put_right(taken);
  }
  const MemoryFile source(sent);
  const MemoryFile sink(taken);
  try {
    const ReconcileOptions options{.memory = 2'048, .directory = "/dev/shm", .fault = [](auto&) {}};
    look_at(reconcile({source.path}, {sink.path}, options));
  } catch (const Fatal& error) {
    fuzz::require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
