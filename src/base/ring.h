#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace millrace {

// A queue in one piece of memory: what comes is put at the end, what is over goes from the front,
// and nothing is moved or given back for it. It grows when it is full and keeps its size. For plain
// data only: what has gone is not destroyed.
//
// Both ends are kept as pointers: they are looked at far more often than they move.
template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // There must be something.
  [[nodiscard]] T& front() { return *front_; }
  [[nodiscard]] const T& front() const { return *front_; }
  [[nodiscard]] T& back() { return *back_; }
  [[nodiscard]] const T& back() const { return *back_; }
  // Counted from the front. There must be as many.
  [[nodiscard]] T& operator[](std::size_t place) {
    place += static_cast<std::size_t>(front_ - slots_.data());
    return slots_[place < slots_.size() ? place : place - slots_.size()];
  }

  // References to what is in the ring do not outlive this.
  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    back_ = size_ == 0 ? front_ : after(back_);
    *back_ = value;
    ++size_;
  }

  void pop_front() {
    front_ = after(front_);
    --size_;
  }

  void clear() {
    front_ = slots_.data();
    size_ = 0;
  }

 private:
  [[nodiscard]] T* after(T* slot) {
    return slot + 1 == slots_.data() + slots_.size() ? slots_.data() : slot + 1;
  }

  void grow() {
    std::vector<T> larger(slots_.empty() ? 1 : 2 * slots_.size());
    for (std::size_t place = 0; place < size_; ++place) larger[place] = (*this)[place];
    slots_.swap(larger);
    front_ = slots_.data();
    back_ = slots_.data() + (size_ == 0 ? 0 : size_ - 1);
  }

  std::vector<T> slots_;
  T* front_ = nullptr;
  T* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace millrace
