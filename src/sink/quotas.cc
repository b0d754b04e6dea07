#include "sink/quotas.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace millrace::sink {

Quotas::Quotas(std::optional<std::uint64_t> message_quota, std::optional<std::uint64_t> quit_quota,
               std::function<void()> on_quota, QuotaShares shared)
    : message_quota_(shared.messages != nullptr ? std::nullopt : message_quota),
      quit_quota_(shared.quits != nullptr ? std::nullopt : quit_quota),
      on_quota_(std::move(on_quota)),
      shared_(shared) {
  // What all workers write (g++ and clang++ know where it is in any class without virtual bases).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  static_assert(offsetof(Quotas, admitted_messages_) % kCacheLine == 0);
  static_assert(offsetof(Quotas, admitted_quits_) % kCacheLine == 0);
#pragma GCC diagnostic pop
}

std::string Quotas::Totals::shown() const {
  return fmt::format("sess={} quit={} mesg={}", sessions, quits, messages);
}

bool Quotas::admit(Counter& admitted, const std::optional<std::uint64_t>& quota,
                   threads::QuotaShare* share) {
  if (share != nullptr) return share->take();
  if (!quota) return true;
  std::uint64_t taken = admitted.load();
  while (taken < *quota) {
    if (admitted.compare_exchange_weak(taken, taken + 1)) return true;
  }
  return false;
}

void Quotas::message_done() {
  const std::uint64_t messages = messages_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (message_quota_ && messages >= *message_quota_) on_quota_();
}

void Quotas::session_done(bool quit) {
  std::uint64_t quits = quits_.load(std::memory_order_relaxed);
  if (quit) quits = quits_.fetch_add(1, std::memory_order_relaxed) + 1;
  // Last: who sees the session sees what it did as well.
  sessions_.fetch_add(1, std::memory_order_release);
  if (quit_quota_ && quits >= *quit_quota_) on_quota_();
}

void Quotas::secured(bool resumed, bool with_certificate) {
  handshakes_.fetch_add(1, std::memory_order_relaxed);
  if (resumed) resumptions_.fetch_add(1, std::memory_order_relaxed);
  if (with_certificate) client_certificates_.fetch_add(1, std::memory_order_relaxed);
}

Quotas::Totals Quotas::totals() const {
  return {.sessions = sessions_.load(std::memory_order_acquire),
          .quits = quits_.load(std::memory_order_relaxed),
          .messages = messages_.load(std::memory_order_relaxed),
          .handshakes = handshakes_.load(std::memory_order_relaxed),
          .resumptions = resumptions_.load(std::memory_order_relaxed),
          .client_certificates = client_certificates_.load(std::memory_order_relaxed)};
}

static_assert(alignof(SessionLimit) == kCacheLine);  // by what all workers write

bool SessionLimit::acquire() {
  std::size_t open = open_.load();
  while (open < limit_) {
    if (open_.compare_exchange_weak(open, open + 1)) return true;
  }
  return false;
}

}  // namespace millrace::sink
