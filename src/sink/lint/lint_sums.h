#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "metrics/lint_metrics.h"
#include "sink/lint/finding.h"
#include "sink/lint/session_findings.h"

namespace millrace::sink {

// What was found in sessions that are over, by finding and by client. Of one thread at a time.
class LintSums {
 public:
  // A session is over. `hello`: as whom its client said hello, printable.
  void add(const std::string& address, const std::string& hello, const SessionFindings& findings);

  // All of it; and without the clients, of whom there may be many.
  [[nodiscard]] metrics::LintMetrics found() const;
  [[nodiscard]] metrics::LintMetrics findings() const;

 private:
  using Times = std::array<std::uint64_t, kFindingCount>;
  struct Total {
    std::uint64_t times = 0;
    std::uint64_t sessions = 0;
    std::string sample;
    std::string client;
  };
  struct Client {
    std::uint64_t sessions = 0;
    Times times{};
  };

  void add_client(const std::string& address, const std::string& hello,
                  const SessionFindings& findings);

  std::uint64_t sessions_ = 0;
  std::uint64_t faulty_ = 0;
  std::uint64_t untold_ = 0;
  std::array<Total, kFindingCount> totals_;
  std::map<std::pair<std::string, std::string>, Client> clients_;
};

}  // namespace millrace::sink
