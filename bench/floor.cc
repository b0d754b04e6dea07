// The floor: moves the bytes of SMTP transactions between two processes and does nothing else.
// Sizes are fixed in advance, nothing is parsed, composed or counted. What it costs is what the
// kernel costs; a mail program cannot be faster with the same engine and the same round trips.
//
//   floor serve|drive epoll|uring PORT SESSIONS ROUNDS keep|reconnect REQUEST:REPLY...
//
// ROUNDS: how often the exchanges are gone through, by all sessions together; each is a round trip
// of so many bytes. The greeting, a hello and QUIT come by themselves.
//
// It is fair: whatever comes in is read once, as any program must that looks for the end of what
// it reads; what goes out lies in memory of the session's own, as what is composed does. Only
// long content is sent from one place by all.
//
// A server ends when its last session does.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

// One round trip: what each side sends, in bytes. The server begins with the greeting.
struct Exchange {
  std::size_t request;
  std::size_t reply;
};

constexpr Exchange kGreeting{0, 21};
constexpr Exchange kHello{9, 15};
constexpr Exchange kQuit{6, 9};
constexpr std::string_view kQuitText = "QUIT\r\n";  // nothing else begins with a Q

// What is longer than this is content that all sessions share.
constexpr std::size_t kComposed = 32 * 1024;

// Connects under way at once: no more than the server's queue takes.
constexpr std::size_t kConnecting = 500;

struct Plan {
  bool serve;
  bool uring;
  std::uint16_t port;
  int sessions;
  long rounds;
  bool reconnect;
  std::vector<Exchange> exchanges;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// One side of a connection: counts bytes until its turn to send.
struct Session {
  int descriptor = -1;
  std::size_t step = 0;     // exchange in progress
  std::size_t awaited = 0;  // bytes of the peer still to come
  std::size_t sent = 0;     // of what is to be sent now
  std::size_t unsent = 0;   // the rest of it
  bool sending = false;
  bool receiving = false;
};

// Where receives go: a few large buffers that the kernel uses up piece by piece, where it can
// (Linux 6.12), else many small ones. Both come to two megabytes, which stay in the cache; of all
// that were tried these were the quickest.
class Buffers {
 public:
  explicit Buffers(io_uring& ring) {
    if (posix_memalign(&entries_, 4096, kMost * sizeof(io_uring_buf)) != 0) die("memory");
    std::memset(entries_, 0, kMost * sizeof(io_uring_buf));
    if (!enlist(ring, 4, kByThePiece)) {
      by_the_piece_ = false;
      if (!enlist(ring, kMost, 0)) die("buffers");
    }
    memory_.resize(std::size_t{2} << 20U);
    size_ = memory_.size() / count_;
    filled_.resize(count_);
    for (unsigned buffer = 0; buffer < count_; ++buffer) add(buffer);
  }
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  const char* begin(const io_uring_cqe& cqe) const {
    const unsigned buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    return memory_.data() + buffer * size_ + filled_[buffer];
  }

  void recycle(const io_uring_cqe& cqe) {
    const unsigned buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    if (by_the_piece_) {
      if (cqe.res <= 0) return;
      filled_[buffer] += static_cast<std::size_t>(cqe.res);
      if ((cqe.flags & kGoesOn) != 0) return;
    }
    add(buffer);
  }

 private:
  static constexpr unsigned kMost = 128;
  // As in Linux 6.12: liburing 2.3 does not know them.
  static constexpr std::uint16_t kByThePiece = 2;    // IOU_PBUF_RING_INC
  static constexpr std::uint32_t kGoesOn = 1U << 4;  // IORING_CQE_F_BUF_MORE

  bool enlist(io_uring& ring, unsigned count, std::uint16_t flags) {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(entries_);
    registration.ring_entries = count_ = count;
    registration.pad = flags;
    return io_uring_register_buf_ring(&ring, &registration, 0) == 0;
  }

  void add(unsigned buffer) {
    auto* const entries = static_cast<io_uring_buf_ring*>(entries_);
    filled_[buffer] = 0;
    io_uring_buf_ring_add(entries, memory_.data() + buffer * size_, static_cast<unsigned>(size_),
                          static_cast<unsigned short>(buffer), io_uring_buf_ring_mask(count_), 0);
    io_uring_buf_ring_advance(entries, 1);
  }

  void* entries_ = nullptr;
  std::vector<char> memory_;
  std::vector<std::size_t> filled_;
  std::size_t size_ = 0;
  unsigned count_ = 0;
  bool by_the_piece_ = true;
};

class Floor {
 public:
  explicit Floor(const Plan& plan) : plan_(plan), script_{kGreeting, kHello} {
    first_ = script_.size();
    script_.insert(script_.end(), plan.exchanges.begin(), plan.exchanges.end());
    last_ = script_.size();
    script_.push_back(kQuit);
    connections_ = plan.reconnect ? plan.rounds : std::min<long>(plan.sessions, plan.rounds);
    unmade_ = connections_;
    rounds_left_ = plan.rounds - connections_;
    sessions_.resize(static_cast<std::size_t>(plan.sessions));
    std::size_t longest = 0;
    for (const Exchange& exchange : script_) {
      const std::size_t length = plan.serve ? exchange.reply : exchange.request;
      longest = std::max(longest, length);
      if (length <= kComposed) composed_ = std::max(composed_, length);
    }
    shared_.assign(longest, 'X');
    own_.assign(composed_ * sessions_.size(), 'X');
  }

  void run() { plan_.uring ? run_uring() : run_epoll(); }

 private:
  const Exchange& now(const Session& session) const { return script_[session.step]; }

  // All that was awaited has come: the session is to send what unsent says; 0: it is over.
  void turn(Session& session) {
    session.sent = 0;
    session.unsent = next_send(session);
  }

  // The bytes that are to be sent next.
  const char* outgoing(const Session& session) const {
    if (!plan_.serve && session.step == last_) return kQuitText.data() + session.sent;
    if (session.sent + session.unsent > composed_) return shared_.data() + session.sent;
    const auto place = static_cast<std::size_t>(&session - sessions_.data());
    return own_.data() + place * composed_ + session.sent;
  }

  static void took(Session& session, std::size_t bytes) {
    session.sent += bytes;
    session.unsent -= bytes;
  }

  // Reads each byte, eight at a time.
  static void read_all(const char* bytes, std::size_t length) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at + sizeof sum <= length; at += sizeof sum) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + at, sizeof word);
      sum += word;
    }
    asm volatile("" : : "r"(sum));  // it is wanted, for all the compiler knows
  }

  std::size_t next_send(Session& session) {
    if (plan_.serve) {
      const std::size_t reply = now(session).reply;
      advance(session);
      session.awaited = session.step < script_.size() ? now(session).request : 0;
      return reply;
    }
    advance(session);
    if (session.step >= script_.size()) return 0;
    session.awaited = now(session).reply;
    return now(session).request;
  }

  // A driver that keeps its sessions goes back to MAIL as long as there are rounds. The
  // server is told by what it says: QUIT begins as nothing else does.
  void advance(Session& session) {
    ++session.step;
    if (session.step != last_ || plan_.reconnect) return;
    if (plan_.serve || take_round()) session.step = first_;
  }

  // A round beyond the first that each connection has of its own: whoever is quick must not take
  // that of one which is not there yet.
  bool take_round() {
    if (rounds_left_ <= 0) return false;
    --rounds_left_;
    return true;
  }

  bool take_connection() {
    if (unmade_ <= 0) return false;
    --unmade_;
    return true;
  }

  // Bytes arrived. Returns whether it is this side's turn.
  bool received(Session& session, const char* bytes, std::size_t length) {
    const bool begins = session.step == first_ && session.awaited == now(session).request;
    if (plan_.serve && begins && *bytes == kQuitText.front()) {
      session.step = last_;
      session.awaited = kQuit.request;
    }
    session.awaited -= std::min(session.awaited, length);
    return session.awaited == 0;
  }

  int make_socket(int flags) const {
    const int descriptor = socket(AF_INET, SOCK_STREAM | flags, 0);
    if (descriptor < 0) die("socket");
    prepare(descriptor);
    return descriptor;
  }

  void prepare(int descriptor) const {
    const int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (plan_.serve) return;
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }

  sockaddr_in address() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(plan_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int make_listener() const {
    const int descriptor = socket(AF_INET, SOCK_STREAM | (plan_.uring ? 0 : SOCK_NONBLOCK), 0);
    const int one = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const sockaddr_in here = address();
    if (bind(descriptor, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) die("bind");
    if (listen(descriptor, SOMAXCONN) != 0) die("listen");
    return descriptor;
  }

  void run_epoll();
  void run_uring();

  Plan plan_;
  std::string shared_;  // long content
  std::string own_;     // what each session composes, composed_ bytes each
  std::size_t composed_ = 0;
  std::vector<Exchange> script_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  long connections_ = 0;  // that there will be, each for a round at least
  long unmade_ = 0;       // of those
  long rounds_left_ = 0;  // beyond the first of each
  std::vector<Session> sessions_;
};

void Floor::run_epoll() {
  const int epoll = epoll_create1(0);
  std::vector<char> buffer(64 * 1024);
  const auto add = [&](Session& session) {
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                      .data = {.ptr = &session}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, session.descriptor, &event) != 0) die("epoll_ctl");
  };
  std::vector<Session*> free_sessions;
  for (Session& session : sessions_) free_sessions.push_back(&session);
  long sessions_left = connections_;
  int listener = -1;
  if (plan_.serve) {
    listener = make_listener();
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  }
  const auto flush = [&](Session& session) {
    while (session.unsent > 0) {
      const ssize_t sent =
          send(session.descriptor, outgoing(session), session.unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return;  // EPOLLOUT will say
      took(session, static_cast<std::size_t>(sent));
    }
  };
  const auto start = [&](Session& session) {
    if (!take_connection()) return false;
    session = Session{};
    session.awaited = kGreeting.reply;
    session.descriptor = make_socket(0);
    const sockaddr_in there = address();
    if (connect(session.descriptor, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0)
      die("connect");
    add(session);
    return true;
  };
  const auto finish = [&](Session& session) {
    close(session.descriptor);
    --sessions_left;
    if (plan_.serve) {
      free_sessions.push_back(&session);
    } else if (plan_.reconnect) {
      start(session);
    }
  };
  if (!plan_.serve) {
    for (Session& session : sessions_) start(session);
  }
  std::array<epoll_event, 256> events;
  while (sessions_left > 0) {
    const int found = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < found; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        int descriptor = -1;
        while (!free_sessions.empty() &&
               (descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
          Session& session = *free_sessions.back();
          free_sessions.pop_back();
          session = Session{};
          session.descriptor = descriptor;
          add(session);
          turn(session);
          flush(session);
        }
        continue;
      }
      Session& session = *static_cast<Session*>(event.data.ptr);
      if (session.unsent > 0) flush(session);
      if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) == 0) continue;
      for (;;) {
        const ssize_t length = recv(session.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN) break;
        if (length <= 0) {
          finish(session);
          break;
        }
        read_all(buffer.data(), static_cast<std::size_t>(length));
        if (received(session, buffer.data(), static_cast<std::size_t>(length))) {
          turn(session);
          if (session.unsent == 0) {
            finish(session);
            break;
          }
          flush(session);
          if (plan_.serve && session.step >= script_.size()) {
            finish(session);
            break;
          }
        }
        if (static_cast<std::size_t>(length) < buffer.size()) break;
      }
    }
  }
}

void Floor::run_uring() {
  io_uring ring;
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  if (io_uring_queue_init_params(4096, &ring, &parameters) != 0) die("io_uring");
  Buffers buffers(ring);

  enum Tag : std::uint64_t { kReceive, kSend, kConnect, kAccept, kOther };
  const auto entry = [&](Session* session, Tag tag, auto prepare_entry) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (sqe == nullptr) {
      io_uring_submit(&ring);
      sqe = io_uring_get_sqe(&ring);
    }
    prepare_entry(sqe);
    sqe->user_data = reinterpret_cast<std::uintptr_t>(session) | tag;
    return sqe;
  };
  const auto receive = [&](Session& session) {
    session.receiving = true;
    io_uring_sqe* const sqe = entry(&session, kReceive, [&](io_uring_sqe* e) {
      io_uring_prep_recv_multishot(e, session.descriptor, nullptr, 0, 0);
    });
    sqe->flags |= IOSQE_BUFFER_SELECT;
  };
  const auto transmit = [&](Session& session) {
    session.sending = true;
    entry(&session, kSend, [&](io_uring_sqe* e) {
      io_uring_prep_send(e, session.descriptor, outgoing(session), session.unsent, MSG_NOSIGNAL);
    });
  };
  const sockaddr_in there = address();
  long sessions_left = connections_;
  std::vector<Session*> free_sessions;
  for (Session& session : sessions_) free_sessions.push_back(&session);
  std::size_t unstarted = 0;  // the next session that is to connect for the first time
  int listener = -1;
  const auto accept_more = [&] {
    entry(nullptr, kAccept, [&](io_uring_sqe* e) {
      io_uring_prep_multishot_accept(e, listener, nullptr, nullptr, 0);
    });
  };
  const auto start = [&](Session& session) {
    if (!take_connection()) return false;
    session = Session{};
    session.awaited = kGreeting.reply;
    session.descriptor = make_socket(0);
    entry(&session, kConnect, [&](io_uring_sqe* e) {
      io_uring_prep_connect(e, session.descriptor, reinterpret_cast<const sockaddr*>(&there),
                            sizeof there);
    });
    return true;
  };
  const auto close_session = [&](Session& session) {
    if (session.receiving) {
      io_uring_sqe* const sqe = entry(nullptr, kOther, [&](io_uring_sqe* e) {
        io_uring_prep_cancel64(e, reinterpret_cast<std::uintptr_t>(&session) | kReceive, 0);
      });
      sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    }
    io_uring_sqe* const sqe = entry(
        nullptr, kOther, [&](io_uring_sqe* e) { io_uring_prep_close(e, session.descriptor); });
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    session.descriptor = -1;
  };
  const auto finished = [&](Session& session) {
    --sessions_left;
    if (plan_.serve) {
      free_sessions.push_back(&session);
    } else if (plan_.reconnect) {
      start(session);
    }
  };
  if (plan_.serve) {
    listener = make_listener();
    accept_more();
  } else {
    // The rest follow as these are connected.
    while (unstarted < std::min(sessions_.size(), kConnecting)) start(sessions_[unstarted++]);
  }
  std::array<io_uring_cqe*, 256> batch;
  std::vector<int> accepted;
  while (sessions_left > 0) {
    io_uring_submit_and_wait(&ring, 1);
    const unsigned found = io_uring_peek_batch_cqe(&ring, batch.data(), batch.size());
    for (unsigned i = 0; i < found; ++i) {
      const io_uring_cqe& cqe = *batch[i];
      Session* const session = reinterpret_cast<Session*>(cqe.user_data & ~std::uint64_t{7});
      switch (static_cast<Tag>(cqe.user_data & 7)) {
        case kAccept:
          if (cqe.res >= 0) accepted.push_back(cqe.res);
          if ((cqe.flags & IORING_CQE_F_MORE) == 0) accept_more();
          break;
        case kConnect:
          if (cqe.res < 0) die("connect");
          receive(*session);
          if (unstarted < sessions_.size()) start(sessions_[unstarted++]);
          break;
        case kSend:
          session->sending = false;
          took(*session, cqe.res > 0 ? static_cast<std::size_t>(cqe.res) : session->unsent);
          if (session->unsent > 0) {
            transmit(*session);
          } else if (plan_.serve && session->step >= script_.size() && session->descriptor >= 0) {
            close_session(*session);
            if (!session->receiving) finished(*session);
          }
          break;
        case kReceive: {
          if ((cqe.flags & IORING_CQE_F_MORE) == 0) session->receiving = false;
          const char* bytes = nullptr;  // the kernel writes there again only while we wait
          if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
            bytes = buffers.begin(cqe);
            if (cqe.res > 0) read_all(bytes, static_cast<std::size_t>(cqe.res));
            buffers.recycle(cqe);
          }
          if (session->descriptor < 0) {
            if (!session->receiving) finished(*session);
            break;
          }
          if (cqe.res == -ENOBUFS) {
            receive(*session);
            break;
          }
          if (cqe.res <= 0) {
            close_session(*session);
            if (!session->receiving && !session->sending) finished(*session);
            break;
          }
          if (received(*session, bytes, static_cast<std::size_t>(cqe.res))) {
            turn(*session);
            if (session->unsent == 0) {
              close_session(*session);
              if (!session->receiving) finished(*session);
              break;
            }
            transmit(*session);
          }
          if (!session->receiving) receive(*session);
          break;
        }
        case kOther:
          break;
      }
    }
    io_uring_cq_advance(&ring, found);
    while (!accepted.empty() && !free_sessions.empty()) {
      Session& session = *free_sessions.back();
      free_sessions.pop_back();
      session = Session{};
      session.descriptor = accepted.back();
      accepted.pop_back();
      receive(session);
      turn(session);
      transmit(session);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fprintf(stderr,
                 "usage: floor serve|drive epoll|uring PORT SESSIONS ROUNDS keep|reconnect "
                 "REQUEST:REPLY...\n");
    return 1;
  }
  const std::string_view role = argv[1];
  const std::string_view engine = argv[2];
  const std::string_view mode = argv[6];
  Plan plan{.serve = role == "serve",
            .uring = engine == "uring",
            .port = static_cast<std::uint16_t>(std::atoi(argv[3])),
            .sessions = std::atoi(argv[4]),
            .rounds = std::atol(argv[5]),
            .reconnect = mode == "reconnect",
            .exchanges = {}};
  for (int i = 7; i < argc; ++i) {
    char* reply = nullptr;
    const std::size_t request = std::strtoul(argv[i], &reply, 10);
    plan.exchanges.push_back({request, std::strtoul(reply + (*reply == ':'), nullptr, 10)});
  }
  Floor(plan).run();
  return 0;
}
