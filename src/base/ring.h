#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace millrace {

// A queue in one piece of memory: what comes is put at the end, what is over goes from the front,
// and nothing is moved or given back for it. It grows when it is full and keeps its size. For plain
// data only: what has gone is not destroyed.
template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Counted from the front. There must be as many.
  [[nodiscard]] T& operator[](std::size_t place) { return slots_[slot(place)]; }
  [[nodiscard]] const T& operator[](std::size_t place) const { return slots_[slot(place)]; }
  [[nodiscard]] T& front() { return slots_[front_]; }
  [[nodiscard]] const T& front() const { return slots_[front_]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

  // References to what is in the ring do not outlive this.
  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[slot(size_++)] = value;
  }

  void pop_front() {
    front_ = slot(1);
    --size_;
  }

  void clear() { front_ = size_ = 0; }

 private:
  // The number of slots is a power of two.
  [[nodiscard]] std::size_t slot(std::size_t place) const {
    return (front_ + place) & (slots_.size() - 1);
  }

  void grow() {
    std::vector<T> larger(slots_.empty() ? 1 : 2 * slots_.size());
    for (std::size_t place = 0; place < size_; ++place) larger[place] = (*this)[place];
    slots_.swap(larger);
    front_ = 0;
  }

  std::vector<T> slots_;
  std::size_t front_ = 0;
  std::size_t size_ = 0;
};

}  // namespace millrace
