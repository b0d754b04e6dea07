#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/cache_line.h"
#include "threads/quota_share.h"

namespace millrace::sink {

// Of quotas that several sinks have together, what this one has; null: the quota is its own.
struct QuotaShares {
  threads::QuotaShare* messages = nullptr;
  threads::QuotaShare* quits = nullptr;
};

// What all workers count together, and the quotas that end the program. Exact with any number
// of threads: the message or session past a quota is turned away.
class Quotas {
 public:
  struct Totals {
    std::uint64_t sessions = 0;             // ended
    std::uint64_t quits = 0;                // sessions that said QUIT
    std::uint64_t messages = 0;             // read to their end and answered
    std::uint64_t handshakes = 0;           // of TLS
    std::uint64_t resumptions = 0;          // of those
    std::uint64_t client_certificates = 0;  // of those

    // The first three, as -c shows them.
    [[nodiscard]] std::string shown() const;
    bool operator==(const Totals&) const = default;
  };

  // `on_quota` is called, on any thread, each time that a quota is found to be used up; not of
  // those that are `shared`.
  Quotas(std::optional<std::uint64_t> message_quota, std::optional<std::uint64_t> quit_quota,
         std::function<void()> on_quota, QuotaShares shared = {});

  // Whether one more message, or QUIT, may be answered. Waits where others have to be asked for it.
  bool admit_message() { return admit(admitted_messages_, message_quota_, shared_.messages); }
  bool admit_quit() { return admit(admitted_quits_, quit_quota_, shared_.quits); }

  // An admitted QUIT was not answered, since its client has gone: another one may be.
  void return_quit() {
    if (shared_.quits != nullptr) {
      shared_.quits->give_back();
    } else if (quit_quota_) {
      admitted_quits_.fetch_sub(1);
    }
  }

  // An admitted message has been answered, or its client has gone.
  void message_done();

  // A session has ended; `quit`: with an admitted QUIT.
  void session_done(bool quit);

  // A TLS handshake was done.
  void secured(bool resumed, bool with_certificate);

  [[nodiscard]] Totals totals() const;

 private:
  using Counter = std::atomic<std::uint64_t>;

  static bool admit(Counter& admitted, const std::optional<std::uint64_t>& quota,
                    threads::QuotaShare* share);

  const std::optional<std::uint64_t> message_quota_;
  const std::optional<std::uint64_t> quit_quota_;
  const std::function<void()> on_quota_;
  const QuotaShares shared_;
  // What all workers write, apart from what they read.
  alignas(kCacheLine) Counter admitted_messages_{0};
  Counter messages_{0};
  alignas(kCacheLine) Counter admitted_quits_{0};
  Counter sessions_{0};
  Counter quits_{0};
  Counter handshakes_{0};
  Counter resumptions_{0};
  Counter client_certificates_{0};
};

// How many sessions may be open at once, over all workers.
class SessionLimit {
 public:
  explicit SessionLimit(std::size_t limit) : limit_(limit) {}

  // Takes a place for one session, unless all are taken.
  bool acquire();

  // Gives the place back. True when all were taken, so that somebody may wait for it.
  bool release() { return open_.fetch_sub(1) == limit_; }

 private:
  const std::size_t limit_;
  alignas(kCacheLine) std::atomic<std::size_t> open_{0};
};

}  // namespace millrace::sink
