#include "source/message_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/diagnostics.h"
#include "source/log_record.h"

namespace millrace::source {
namespace {

// So much is written at a time.
constexpr std::size_t kBlock = std::size_t{256} * 1024;

// How long the thread sleeps when it has found nothing. To be woken for a message would cost the
// worker a system call.
constexpr std::chrono::milliseconds kNap{10};

// What a message with many recipients has made of the memory is not kept.
constexpr std::size_t kKeptRecords = std::size_t{1} << 20U;

}  // namespace

MessageLog::MessageLog(const LogTarget& target, unsigned workers, std::size_t ring_bytes)
    : file_(target.path), lines_(target.form) {
  for (unsigned number = 0; number < workers; ++number) workers_.emplace_back(ring_bytes);
  try {
    thread_ = std::thread([this] { serve(); });
  } catch (const std::system_error& error) {
    throw Fatal(describe_error("cannot start the thread that writes " + file_.name(),
                               error.code().value()));
  }
}

void MessageLog::WorkerLines::delivered(const Delivery& delivery,
                                        const smtp::MessageSource& messages, TimePoint now) {
  record_.clear();
  pack(delivery, messages, now, record_);
  if (!ring_.push(record_.text())) ++dropped_;
}

void MessageLog::serve() {
  lines_.append_head(block_);
  write_block();
  for (;;) {
    // What is there once the end was asked for is all there will be.
    std::unique_lock lock(mutex_);
    const bool last = finishing_;
    lock.unlock();
    const bool any = write_what_is_there();
    if (last) break;
    if (any) continue;
    lock.lock();
    finish_asked_.wait_for(lock, kNap, [this] { return finishing_; });
  }
}

bool MessageLog::write_what_is_there() {
  bool any = false;
  for (WorkerLines& worker : workers_) {
    records_.clear();
    if (!worker.ring().drain(records_)) continue;
    any = true;
    for (std::string_view rest = records_; !rest.empty();) {
      lines_.append(next_record(rest), block_);
      ++in_block_;
      if (block_.size() >= kBlock) write_block();
    }
  }
  if (any) write_block();
  if (records_.capacity() > kKeptRecords) records_ = {};
  return any;
}

void MessageLog::write_block() {
  const std::size_t written = file_.write(block_);
  const std::uint64_t there =
      written == block_.size()
          ? in_block_
          : static_cast<std::uint64_t>(std::count(
                block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(written), '\n'));
  totals_.lines += there;
  totals_.dropped += in_block_ - there;
  block_.clear();
  in_block_ = 0;
}

metrics::LogTotals MessageLog::finish() {
  if (!thread_.joinable()) return totals_;
  file_.hurry();
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  finish_asked_.notify_one();
  thread_.join();
  for (const WorkerLines& worker : workers_) totals_.dropped += worker.dropped();
  lines_.append_end(totals_.lines, totals_.dropped, block_);
  const bool failed = file_.failed();
  file_.write(block_);
  file_.close();
  if (totals_.dropped > 0 && !failed) {
    warn(fmt::format("{} was too slow for the run: {} of {} lines were dropped", file_.name(),
                     totals_.dropped, totals_.dropped + totals_.lines));
  }
  return totals_;
}

}  // namespace millrace::source
