#include "sink/worker.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "net/socket.h"

namespace millrace::sink {
namespace {

// The process may open nothing more, as long as this lives.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(STDIN_FILENO);
    close(next);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;
  ~NoDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// What a run says whose workers, two of them, cannot accept.
std::string what_is_said() {
  const SinkOptions options;
  Quotas quotas({}, {}, [] {});
  SessionLimit places(10);
  Recordings recordings(2);
  RuleBook rules(options);
  std::atomic<bool> told_pause = false;
  const Shared shared{.options = options,
                      .tls = nullptr,
                      .append_log = nullptr,
                      .stores = nullptr,
                      .answers = nullptr,
                      .quotas = quotas,
                      .session_limit = places,
                      .idleness = nullptr,
                      .recordings = &recordings,
                      .live = nullptr,
                      .rules = rules,
                      .faulty_certificates = nullptr,
                      .verification = nullptr,
                      .told_pause = told_pause};
  const FileDescriptor socket =
      net::listen_on(*net::numeric_address("127.0.0.1", 0), 10, false, {});
  const net::SocketAddress address = net::local_address(socket);
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.descriptor(), address.get(), address.length), 0);
  const OpenListener listener{Listener{}};
  const std::vector<ListeningSocket> sockets{
      {.descriptor = socket.descriptor(), .listener = listener}};
  Worker first(shared, sockets, [] {});
  Worker second(shared, sockets, [] {});
  testing::internal::CaptureStderr();
  {
    const NoDescriptorLeft none;
    first.loop().turn();
    second.loop().turn();
  }
  EXPECT_EQ(first.recorder()->metrics().errors[metrics::index(metrics::Error::other)].times, 1U);
  EXPECT_EQ(second.recorder()->metrics().errors[metrics::index(metrics::Error::other)].times, 1U);
  return testing::internal::GetCapturedStderr();
}

TEST(SinkWorker, TellsOnceARunThatAcceptingPauses) {
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(what_is_said(), "millrace: warning: accept paused: Too many open files\n");
  }
}

}  // namespace
}  // namespace millrace::sink
