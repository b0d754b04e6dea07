#include "net/receive_buffers.h"

#include <sys/mman.h>
#include <sys/utsname.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/sanitizer.h"

namespace millrace::net {
namespace {

// How many buffers there are, and of what size.
struct Geometry {
  std::size_t size;      // of a buffer, in bytes
  std::size_t at_least;  // buffers
  std::size_t at_most;   // a power of two
  std::size_t streams;   // for so many there is another buffer
};

// The least come to two megabytes, which stay in the cache. (With 16 MiB a message costs two thirds
// more CPU.) What comes across the end of a buffer is received in two parts, each with its own turn
// and reply: large buffers have few ends. (Windows of 12 KB: 15% more messages than with 64 KiB,
// and content of 1 MB a quarter more.)
constexpr Geometry kWhole{.size = 16 * 1024, .at_least = 128, .at_most = 2'048, .streams = 4};
constexpr Geometry kByThePiece{.size = 512 * 1024, .at_least = 4, .at_most = 16, .streams = 512};

constexpr const Geometry& geometry(ReceiveBuffers::Use use) {
  return use == ReceiveBuffers::Use::whole ? kWhole : kByThePiece;
}

constexpr std::size_t kEntriesSize =
    std::max(kWhole.at_most, kByThePiece.at_most) * sizeof(io_uring_buf);

// As in Linux 6.12: liburing 2.3 does not know the flags.
struct Registration {
  std::uint64_t ring_address;
  std::uint32_t entries;
  std::uint16_t group;
  std::uint16_t flags;
  std::uint64_t reserved[3];
};
static_assert(sizeof(Registration) == sizeof(io_uring_buf_reg));
constexpr std::uint16_t kIncremental = 2;         // IOU_PBUF_RING_INC
constexpr std::uint32_t kBufferGoesOn = 1U << 4;  // IORING_CQE_F_BUF_MORE

io_uring_buf_ring* as_ring(char* entries) { return reinterpret_cast<io_uring_buf_ring*>(entries); }

std::size_t buffer_of(const io_uring_cqe& entry) { return entry.flags >> IORING_CQE_BUFFER_SHIFT; }

// The release of the running kernel; empty where it is not told.
std::string running_kernel() {
  utsname system{};
  return uname(&system) == 0 ? system.release : "";
}

}  // namespace

bool completions_come_in_order(std::string_view kernel) {
  const std::size_t dot = std::min(kernel.find('.'), kernel.size());
  const std::string_view rest = kernel.substr(std::min(dot + 1, kernel.size()));
  const auto major = whole_number(kernel.substr(0, dot));
  const auto minor = whole_number(rest.substr(0, rest.find_first_not_of("0123456789")));
  return major && minor && (*major > 6 || (*major == 6 && *minor >= 15));
}

ReceiveBuffers::Reserved::Reserved(std::size_t size) : size_(size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw Fatal(describe_error("io_uring buffers", errno));
  begin_ = static_cast<char*>(memory);
}

ReceiveBuffers::Reserved::~Reserved() {
  permit(begin_, size_);
  munmap(begin_, size_);
}

ReceiveBuffers::ReceiveBuffers(io_uring& ring, Use wanted)
    : entries_(kEntriesSize),
      use_(enlist(ring, wanted, entries_)),
      memory_(geometry(use_).size * geometry(use_).at_most) {
  filled_.reserve(geometry(use_).at_most);
  forbid(memory_.begin(), geometry(use_).size * geometry(use_).at_most);
  serve(0);
}

// Registers the ring; returns the use that the kernel agreed to.
ReceiveBuffers::Use ReceiveBuffers::enlist(io_uring& ring, Use wanted, const Reserved& entries) {
  if (wanted == Use::by_the_piece && !completions_come_in_order(running_kernel())) {
    wanted = Use::whole;
  }
  const Registration registration{
      .ring_address = reinterpret_cast<std::uintptr_t>(entries.begin()),
      .entries = static_cast<std::uint32_t>(geometry(wanted).at_most),
      .group = kGroup,
      .flags = wanted == Use::by_the_piece ? kIncremental : std::uint16_t{0},
      .reserved = {}};
  auto request = std::bit_cast<io_uring_buf_reg>(registration);
  const int error = io_uring_register_buf_ring(&ring, &request, 0);
  if (error == 0) return wanted;
  if (wanted == Use::by_the_piece) return enlist(ring, Use::whole, entries);
  throw Fatal(describe_error("io_uring buffers", -error));
}

void ReceiveBuffers::serve(std::size_t streams) {
  const Geometry& shape = geometry(use_);
  const std::size_t wanted = std::clamp(streams / shape.streams, shape.at_least, shape.at_most);
  while (filled_.size() < wanted) {
    filled_.push_back(0);
    add(filled_.size() - 1);
  }
}

void ReceiveBuffers::add(std::size_t buffer) {
  const Geometry& shape = geometry(use_);
  filled_[buffer] = 0;
  io_uring_buf_ring_add(as_ring(entries_.begin()), memory_.begin() + buffer * shape.size,
                        static_cast<unsigned>(shape.size), static_cast<unsigned short>(buffer),
                        io_uring_buf_ring_mask(static_cast<unsigned>(shape.at_most)), 0);
  io_uring_buf_ring_advance(as_ring(entries_.begin()), 1);
}

std::string_view ReceiveBuffers::bytes(const io_uring_cqe& entry) const {
  const std::size_t buffer = buffer_of(entry);
  const char* const begin = memory_.begin() + buffer * geometry(use_).size + filled_[buffer];
  const std::string_view bytes(begin, static_cast<std::size_t>(entry.res));
  permit(bytes.data(), bytes.size());
  return bytes;
}

void ReceiveBuffers::recycle(const io_uring_cqe& entry) {
  if ((entry.flags & IORING_CQE_F_BUFFER) == 0) return;
  const std::size_t buffer = buffer_of(entry);
  // From here on they are the kernel's again.
  if (entry.res > 0) forbid(bytes(entry).data(), static_cast<std::size_t>(entry.res));
  if (use_ == Use::whole) return add(buffer);
  // The end of a stream takes nothing, and leaves the buffer where it is.
  if (entry.res <= 0) return;
  filled_[buffer] += static_cast<std::size_t>(entry.res);
  if ((entry.flags & kBufferGoesOn) == 0) add(buffer);
}

}  // namespace millrace::net
