#pragma once

#include <cstdint>
#include <string>

#include "proof/fault.h"
#include "report/file.h"

namespace millrace::report {

// All faults as comma-separated values (RFC 4180) with a header line, written as they are told of:
// a row for each word of a fault (fault_words.h), so that as many rows begin with "lost" as were.
// Texts of others are printable, those that begin with one of =+-@' have a ' ahead of them; times
// are UTC. All throw Fatal naming the file.
class FaultTable {
 public:
  // "-" is standard output.
  explicit FaultTable(const std::string& path);

  void add(const proof::Fault& fault);
  // Once, when all was told.
  void finish() { file_.write(text_); }

 private:
  OutputFile file_;
  std::string text_;  // that is not in the file yet
};

// Of a fault: what the source's text is by the code with it.
[[nodiscard]] std::string queue_id_of(const proof::Fault& fault);
[[nodiscard]] std::string reason_of(const proof::Fault& fault);

}  // namespace millrace::report
