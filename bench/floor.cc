// The floor: moves the bytes of SMTP transactions between two processes and does nothing else.
// Sizes are fixed in advance, nothing is parsed, composed or counted. What it costs is what the
// kernel costs; a mail program cannot be faster with the same engine and the same round trips.
//
//   floor serve|drive epoll|uring PORT SESSIONS MESSAGES CONTENT_BYTES keep|reconnect|pipeline
//
// pipeline: ten whole transactions with their content a round trip, as BDAT allows.
//
// A server ends when its last session does.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

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

// The sizes are those of the dialogue between smtp-source and smtp-sink.
constexpr Exchange kGreeting{0, 21};
constexpr Exchange kHello{9, 15};
constexpr Exchange kMail{20, 14};
constexpr Exchange kRcpt{18, 14};
constexpr Exchange kData{6, 37};
constexpr Exchange kQuit{6, 9};
constexpr std::size_t kHeaders = 160;
constexpr std::size_t kReplyToContent = 14;
constexpr std::size_t kBdat = 16;
constexpr std::size_t kPipelined = 10;

struct Plan {
  bool serve;
  bool uring;
  std::uint16_t port;
  int sessions;
  long messages;
  std::size_t content;
  bool reconnect;
  bool pipeline;
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
  std::size_t unsent = 0;
  bool sending = false;
  bool receiving = false;
};

class Floor {
 public:
  explicit Floor(const Plan& plan)
      : plan_(plan), bytes_(kPipelined * (plan.content + kHeaders + 64), 'X') {
    const Exchange content{plan.content + kHeaders, kReplyToContent};
    script_ = {kGreeting, kHello};
    first_ = script_.size();
    if (plan.pipeline) {
      script_.push_back({kPipelined * (kMail.request + kRcpt.request + kBdat + content.request),
                         kPipelined * (kMail.reply + kRcpt.reply + content.reply)});
    } else {
      script_.insert(script_.end(), {kMail, kRcpt, kData, content});
    }
    last_ = script_.size();
    script_.push_back(kQuit);
    messages_left_ = plan.messages / static_cast<long>(plan.pipeline ? kPipelined : 1);
    sessions_.resize(static_cast<std::size_t>(plan.sessions));
  }

  void run() { plan_.uring ? run_uring() : run_epoll(); }

 private:
  const Exchange& now(const Session& session) const { return script_[session.step]; }

  // All that was awaited has come. Returns how much to send; 0: the session is over.
  std::size_t turn(Session& session) {
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

  // A driver that keeps its sessions goes back to MAIL as long as there are messages. The
  // server is told by what it does: QUIT is shorter than MAIL.
  void advance(Session& session) {
    ++session.step;
    if (session.step != last_ || plan_.reconnect) return;
    if (plan_.serve || take_message()) session.step = first_;
  }

  bool take_message() {
    if (messages_left_ <= 0) return false;
    --messages_left_;
    return true;
  }

  // Bytes arrived. Returns whether it is this side's turn.
  bool received(Session& session, std::size_t length) {
    if (length >= session.awaited) {
      session.awaited = 0;
      return true;
    }
    // Only QUIT has this size where a transaction was expected.
    if (plan_.serve && session.step == first_ && session.awaited == now(session).request &&
        length == kQuit.request) {
      session.step = last_;
      session.awaited = 0;
      return true;
    }
    session.awaited -= length;
    return false;
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

  // Sessions that a server still has to see.
  long expected_sessions() const { return plan_.reconnect ? plan_.messages : plan_.sessions; }

  void run_epoll();
  void run_uring();

  Plan plan_;
  std::string bytes_;
  std::vector<Exchange> script_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  long messages_left_ = 0;
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
  long sessions_left = expected_sessions();
  int listener = -1;
  if (plan_.serve) {
    listener = make_listener();
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  }
  const auto flush = [&](Session& session) {
    while (session.unsent > 0) {
      const ssize_t sent =
          send(session.descriptor, bytes_.data(), session.unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return;  // EPOLLOUT will say
      session.unsent -= static_cast<std::size_t>(sent);
    }
  };
  const auto start = [&](Session& session) {
    if (!take_message()) return false;
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
    sessions_left = 0;
    for (Session& session : sessions_) sessions_left += start(session) ? 1 : 0;
    if (plan_.reconnect) sessions_left = plan_.messages;
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
          session.unsent = turn(session);
          flush(session);
          if (static_cast<int>(free_sessions.size()) == 0) break;
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
        if (received(session, static_cast<std::size_t>(length))) {
          session.unsent = turn(session);
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
  constexpr unsigned kBuffers = 128;
  constexpr unsigned kBufferSize = 16 * 1024;
  io_uring ring;
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  if (io_uring_queue_init_params(4096, &ring, &parameters) != 0) die("io_uring");
  std::vector<char> memory(std::size_t{kBuffers} * kBufferSize);
  void* aligned = nullptr;
  if (posix_memalign(&aligned, 4096, kBuffers * sizeof(io_uring_buf)) != 0) die("memory");
  auto* const buffers = static_cast<io_uring_buf_ring*>(aligned);
  std::memset(aligned, 0, kBuffers * sizeof(io_uring_buf));
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(aligned);
  registration.ring_entries = kBuffers;
  if (io_uring_register_buf_ring(&ring, &registration, 0) != 0) die("buffers");
  const auto recycle = [&](unsigned buffer) {
    io_uring_buf_ring_add(buffers, memory.data() + std::size_t{buffer} * kBufferSize, kBufferSize,
                          static_cast<unsigned short>(buffer), io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffers, 1);
  };
  for (unsigned buffer = 0; buffer < kBuffers; ++buffer) recycle(buffer);

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
      io_uring_prep_send(e, session.descriptor, bytes_.data(), session.unsent, MSG_NOSIGNAL);
    });
  };
  const sockaddr_in there = address();
  long sessions_left = expected_sessions();
  std::vector<Session*> free_sessions;
  for (Session& session : sessions_) free_sessions.push_back(&session);
  int listener = -1;
  const auto accept_more = [&] {
    entry(nullptr, kAccept, [&](io_uring_sqe* e) {
      io_uring_prep_multishot_accept(e, listener, nullptr, nullptr, 0);
    });
  };
  const auto start = [&](Session& session) {
    if (!take_message()) return false;
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
    sessions_left = 0;
    for (Session& session : sessions_) sessions_left += start(session) ? 1 : 0;
    if (plan_.reconnect) sessions_left = plan_.messages;
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
          break;
        case kConnect:
          if (cqe.res < 0) die("connect");
          receive(*session);
          break;
        case kSend:
          session->sending = false;
          session->unsent -= cqe.res > 0 ? static_cast<std::size_t>(cqe.res) : session->unsent;
          if (session->unsent > 0) {
            transmit(*session);
          } else if (plan_.serve && session->step >= script_.size() && session->descriptor >= 0) {
            close_session(*session);
            if (!session->receiving) finished(*session);
          }
          break;
        case kReceive: {
          if ((cqe.flags & IORING_CQE_F_MORE) == 0) session->receiving = false;
          if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) recycle(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
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
          if (received(*session, static_cast<std::size_t>(cqe.res))) {
            session->unsent = turn(*session);
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
      session.unsent = turn(session);
      transmit(session);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "usage: floor serve|drive epoll|uring PORT SESSIONS MESSAGES CONTENT_BYTES "
                 "keep|reconnect|pipeline\n");
    return 1;
  }
  const std::string_view role = argv[1];
  const std::string_view engine = argv[2];
  const std::string_view mode = argv[7];
  const Plan plan{.serve = role == "serve",
                  .uring = engine == "uring",
                  .port = static_cast<std::uint16_t>(std::atoi(argv[3])),
                  .sessions = std::atoi(argv[4]),
                  .messages = std::atol(argv[5]),
                  .content = static_cast<std::size_t>(std::atol(argv[6])),
                  .reconnect = mode == "reconnect",
                  .pipeline = mode == "pipeline"};
  Floor(plan).run();
  return 0;
}
