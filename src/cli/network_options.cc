#include "cli/network_options.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/quantity.h"
#include "cli/text_values.h"

namespace millrace::cli {
namespace {

constexpr unsigned kMostThreads = 1'024;

unsigned thread_count(const std::string& text, std::string_view names) {
  const auto number = whole_number(text, 1, kMostThreads);
  if (!number) {
    reject("thread count", text, names,
           fmt::format("expected a whole number from 1 to {}", kMostThreads));
  }
  return static_cast<unsigned>(*number);
}

// "auto, uring or epoll"
std::string engine_words() {
  std::vector<std::string_view> words = {"auto"};
  for (const net::Engine& engine : net::engines()) words.push_back(engine.word);
  return alternatives(words);
}

const net::Engine* engine(const std::string& text, std::string_view names) {
  if (text == "auto") return nullptr;
  const net::Engine* const found = net::find_engine(text);
  if (found == nullptr) reject("io engine", text, names, "expected " + engine_words());
  return found;
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

}  // namespace

void add_address_family(OptionGroup& group, const std::string& verb, NetworkArguments& given) {
  group.flag("-4,--ipv4", verb + " IPv4 only", given.address_families, AF_INET);
  group.flag("-6,--ipv6", verb + " IPv6 only", given.address_families, AF_INET6);
}

void add_engine(OptionGroup& group, NetworkArguments& given) {
  group.value("--threads", "N", "worker threads (one a usable core)", given.threads, thread_count);
  group.value("--io", "ENGINE", engine_words() + " (auto)", given.io, engine);
}

int NetworkArguments::address_family() const {
  return address_families.empty() ? AF_UNSPEC : address_families.back();
}

unsigned NetworkArguments::resolved_threads() const { return threads ? *threads : usable_cores(); }

const net::Engine* NetworkArguments::resolved_engine() const {
  if (io != nullptr) {
    if (io->available()) return io;
    throw Fatal(
        fmt::format("{} is not available here (--io {}): {}", io->name, io->word, io->needs));
  }
  for (const net::Engine& engine : net::engines()) {
    if (engine.available()) return &engine;
  }
  return &net::engines().back();
}

std::string describe(const net::Engine& engine, unsigned threads) {
  return fmt::format("{}, {} thread{}", engine.name, threads, plural(threads));
}

}  // namespace millrace::cli
