#include "cli/network_options.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/quantity.h"

namespace millrace::cli {
namespace {

constexpr unsigned kMostThreads = 1'024;

// The words of --io, the best engine first. The last is available everywhere.
struct EngineWord {
  std::string_view word;
  net::Engine engine;
  std::string_view needs;
};

constexpr std::array kEngineWords = {
    EngineWord{"uring", net::Engine::io_uring, "Linux 6.1 or newer must allow it"},
    EngineWord{"epoll", net::Engine::epoll, ""},
};

unsigned thread_count(const std::string& text, std::string_view names) {
  const auto number = whole_number(text, 1, kMostThreads);
  if (!number) {
    reject("thread count", text, names,
           fmt::format("expected a whole number from 1 to {}", kMostThreads));
  }
  return static_cast<unsigned>(*number);
}

std::optional<net::Engine> engine(const std::string& text, std::string_view names) {
  for (const EngineWord& row : kEngineWords) {
    if (text == row.word) return row.engine;
  }
  if (text != "auto") reject("io engine", text, names, "expected auto, uring or epoll");
  return std::nullopt;
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

}  // namespace

void add_address_family(OptionGroup& group, const std::string& verb, NetworkArguments& given) {
  group.flag("-4,--ipv4", verb + " IPv4 only", given.ipv4);
  group.flag("-6,--ipv6", verb + " IPv6 only", given.ipv6);
}

void add_engine(OptionGroup& group, NetworkArguments& given) {
  group.value("--threads", "N", "worker threads (one a usable core)", given.threads, thread_count);
  group.value("--io", "ENGINE", "auto, uring or epoll (auto)", given.io, engine);
}

int NetworkArguments::address_family() const {
  if (ipv6) return AF_INET6;
  return ipv4 ? AF_INET : AF_UNSPEC;
}

unsigned NetworkArguments::resolved_threads() const { return threads ? *threads : usable_cores(); }

net::Engine NetworkArguments::resolved_engine() const {
  for (const EngineWord& row : kEngineWords) {
    if (io.value_or(row.engine) != row.engine) continue;
    if (net::available(row.engine)) return row.engine;
    if (io) {
      throw Fatal(fmt::format("{} is not available here (--io {}): {}", net::name(row.engine),
                              row.word, row.needs));
    }
  }
  return kEngineWords.back().engine;
}

std::string describe(net::Engine engine, unsigned threads) {
  return fmt::format("{}, {} thread{}", net::name(engine), threads, plural(threads));
}

}  // namespace millrace::cli
