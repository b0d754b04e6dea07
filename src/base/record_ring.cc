#include "base/record_ring.h"

#include <algorithm>
#include <cstring>

namespace millrace {

RecordRing::RecordRing(std::size_t capacity)
    : capacity_(capacity), bytes_(std::make_unique_for_overwrite<char[]>(capacity)) {}

bool RecordRing::push(std::string_view record) {
  const std::size_t size = record.size();
  const std::size_t written = written_.load(std::memory_order_relaxed);
  const auto room = [&] { return capacity_ - (written - seen_read_); };
  if (room() < kOverhead + size) {
    seen_read_ = read_.load(std::memory_order_acquire);
    if (room() < kOverhead + size) return false;
  }
  copy_in(written, &size, kOverhead);
  copy_in(written + kOverhead, record.data(), size);
  written_.store(written + kOverhead + size, std::memory_order_release);
  return true;
}

void RecordRing::copy_in(std::size_t position, const void* bytes, std::size_t size) {
  const std::size_t place = position % capacity_;
  const std::size_t first = std::min(size, capacity_ - place);
  std::memcpy(bytes_.get() + place, bytes, first);
  if (size > first) {
    std::memcpy(bytes_.get(), static_cast<const char*>(bytes) + first, size - first);
  }
}

bool RecordRing::drain(std::string& records) {
  const std::size_t read = read_.load(std::memory_order_relaxed);
  const std::size_t written = written_.load(std::memory_order_acquire);
  if (read == written) return false;
  const std::size_t place = read % capacity_;
  const std::size_t first = std::min(written - read, capacity_ - place);
  records.append(bytes_.get() + place, first);
  records.append(bytes_.get(), written - read - first);
  read_.store(written, std::memory_order_release);
  return true;
}

std::string_view next_record(std::string_view& records) {
  std::size_t size = 0;
  std::memcpy(&size, records.data(), RecordRing::kOverhead);
  const std::string_view record = records.substr(RecordRing::kOverhead, size);
  records.remove_prefix(RecordRing::kOverhead + size);
  return record;
}

}  // namespace millrace
