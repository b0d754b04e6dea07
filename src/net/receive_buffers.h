#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::net {

// Whether completions of all kinds of receives come in the order in which the buffers were used, as
// ReceiveBuffers::bytes() needs it: Linux 6.15 ("flush deferred completions for multishot"), with
// short receives beside multishot ones. `kernel`: its release, as "6.18.44-amd64".
bool completions_come_in_order(std::string_view kernel);

// The memory that the kernel receives into: a ring of buffers which it takes in turn for whatever
// stream has something (io_uring_register_buf_ring(3)). So a quiet stream costs none.
//
// Their number grows with that of the streams, so that a burst on all of them finds room, while
// those that 50 streams need stay in the cache.
class ReceiveBuffers {
 public:
  // What a receive names as its buffer group.
  static constexpr unsigned short kGroup = 0;

  // How the kernel uses up a buffer: one for each receive, or, since Linux 6.15, a piece for each,
  // so that a hundred replies share one.
  enum class Use : std::uint8_t { whole, by_the_piece };

  // Registers with `ring`, which must end before this does. Where the kernel cannot use buffers
  // by the piece, they are used whole. Throws Fatal.
  ReceiveBuffers(io_uring& ring, Use wanted);
  ReceiveBuffers(const ReceiveBuffers&) = delete;
  ReceiveBuffers& operator=(const ReceiveBuffers&) = delete;

  // So many streams receive at once: sees to it that there are buffers enough.
  void serve(std::size_t streams);

  // The bytes that this completion of a receive brought; valid until it is recycled.
  [[nodiscard]] std::string_view bytes(const io_uring_cqe& entry) const;

  // Those are used: a buffer that is full goes back to the kernel. To be called for every
  // completion of a receive, in their order.
  void recycle(const io_uring_cqe& entry);

  [[nodiscard]] Use use() const { return use_; }
  // How many there are.
  [[nodiscard]] std::size_t count() const { return filled_.size(); }

 private:
  // Memory that takes no room until something is written to it.
  class Reserved {
   public:
    // Throws Fatal.
    explicit Reserved(std::size_t size);
    Reserved(const Reserved&) = delete;
    Reserved& operator=(const Reserved&) = delete;
    ~Reserved();
    [[nodiscard]] char* begin() const { return begin_; }

   private:
    std::size_t size_;
    char* begin_;
  };

  static Use enlist(io_uring& ring, Use wanted, const Reserved& entries);
  void add(std::size_t buffer);

  const Reserved entries_;  // the ring itself
  const Use use_;
  const Reserved memory_;
  std::vector<std::size_t> filled_;  // for each buffer: how much of it the kernel has used up
};

}  // namespace millrace::net
