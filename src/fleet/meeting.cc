#include "fleet/meeting.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <deque>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "base/diagnostics.h"
#include "base/roll.h"
#include "base/time.h"
#include "fleet/post.h"
#include "net/endpoint.h"

namespace millrace::fleet {
namespace {

// From who connects until it must have said who it is.
constexpr std::chrono::seconds kIntroduction{5};
// Until it makes room for others: a way there and back.
constexpr std::chrono::seconds kHearing{1};
// Who have not said it yet, beside ranks, each of which comes to all addresses.
constexpr std::size_t kMostStrangers = 64;

constexpr std::size_t kWord = 16;  // letters of a name, a secret or a rank

std::string word(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::optional<unsigned> rank_of(std::string_view word) {
  unsigned rank = 0;
  const char* const end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, rank, 16);
  return read.ec == std::errc{} && read.ptr == end ? std::optional(rank) : std::nullopt;
}

// Those of links between two hosts alone are left out: they mean nothing without the link's name.
bool leads_anywhere(const sockaddr& address) {
  if (address.sa_family == AF_INET) return true;
  if (address.sa_family != AF_INET6) return false;
  return !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

std::vector<net::SocketAddress> own_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) throw Fatal(describe_error("addresses of this host", errno));
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
  std::vector<net::SocketAddress> addresses;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    if (!leads_anywhere(*one->ifa_addr)) continue;
    net::SocketAddress address;
    const bool v4 = one->ifa_addr->sa_family == AF_INET;
    address.length = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::copy_n(reinterpret_cast<const char*>(one->ifa_addr), address.length,
                reinterpret_cast<char*>(&address.storage));
    address.port(0);
    addresses.push_back(address);
  }
  return addresses;
}

// A connection whose other end has to say who it is.
struct Stranger {
  FileDescriptor socket;
  std::string said;
  TimePoint came = Clock::now();
};

// Reads on until it has said so many letters; false where it will not.
bool hear(Stranger& one, std::size_t letters) {
  while (one.said.size() < letters) {
    std::string more(letters - one.said.size(), '\0');
    const ssize_t got = recv(one.socket.descriptor(), more.data(), more.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    one.said.append(more, 0, static_cast<std::size_t>(got));
  }
  return true;
}

// A few words, for which a new connection always has room.
bool say(const FileDescriptor& socket, const std::string& text) {
  return send(socket.descriptor(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

// Waits until one of them has something; false when the time is over.
bool wait_for_any(std::vector<pollfd>& asked, TimePoint limit) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now());
  return left.count() > 0 && poll(asked.data(), asked.size(), static_cast<int>(left.count())) != 0;
}

pollfd for_input(const FileDescriptor& socket) {
  return {.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
}

std::vector<Stranger> call(const std::vector<std::string>& addresses) {
  std::vector<Stranger> called;
  for (const std::string& text : addresses) {
    const auto address = net::resolve(net::parse_remote(text, ""), AF_UNSPEC, false).front();
    FileDescriptor socket(
        ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) continue;
    const int result = connect(socket.descriptor(), address.get(), address.length);
    if (result != 0 && errno != EINPROGRESS) continue;
    net::configure(socket, address.family(), {});
    called.push_back({.socket = std::move(socket), .said = {}});
  }
  return called;
}

// The first that says this name.
FileDescriptor first_to_say(const std::string& name, std::vector<Stranger> called) {
  const TimePoint limit = Clock::now() + kAssembling;
  while (!called.empty()) {
    std::vector<pollfd> asked;
    for (const Stranger& one : called) asked.push_back(for_input(one.socket));
    if (!wait_for_any(asked, limit)) break;
    for (std::size_t n = called.size(); n-- > 0;) {
      if (asked[n].revents == 0) continue;
      Stranger& one = called[n];
      const bool goes_on = hear(one, kWord);
      if (one.said == name) return std::move(one.socket);
      if (!goes_on || one.said.size() == kWord) called.erase(called.begin() + static_cast<long>(n));
    }
  }
  return {};
}

// Those in front who have had their time go.
void let_go(std::deque<Stranger>& guests) {
  const TimePoint now = Clock::now();
  while (!guests.empty() && now >= guests.front().came + kIntroduction) guests.pop_front();
}

// From when on there is room for one more, of so many.
TimePoint has_room(const std::deque<Stranger>& guests, std::size_t most) {
  return guests.size() < most ? TimePoint::min() : guests.front().came + kHearing;
}

// Takes in who has connected, as long as there is room.
void take_in(const FileDescriptor& listening, const std::string& name, std::deque<Stranger>& guests,
             std::size_t most) {
  while (Clock::now() >= has_room(guests, most)) {
    FileDescriptor socket(
        accept4(listening.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) return;
    if (!say(socket, name)) continue;
    if (guests.size() == most) guests.pop_front();
    guests.push_back({.socket = std::move(socket), .said = {}});
  }
}

std::string addresses_in(const std::string& place) {
  return place.substr(std::min(place.size(), 2 * (kWord + 1)));
}

}  // namespace

Meeting::Meeting() : name_(word(random_seed())), secret_(word(random_seed())) {
  net::raise_descriptor_limit();
  place_ = name_ + " " + secret_;
  for (const net::SocketAddress& address : own_addresses()) {
    try {
      listening_.push_back(net::listen_on(address, SOMAXCONN, false, {}));
    } catch (const Fatal&) {
      continue;  // gone meanwhile, or not usable yet; there are others
    }
    place_ += " " + net::local_address(listening_.back()).text();
  }
  if (listening_.empty()) throw Fatal("this host has no address for other ranks to connect to");
}

std::vector<FileDescriptor> Meeting::assemble(unsigned ranks) {
  const TimePoint limit = Clock::now() + kAssembling;
  const std::size_t most = ranks * listening_.size() + kMostStrangers;
  std::vector<FileDescriptor> there(ranks);
  std::deque<Stranger> guests;  // who came first is in front
  for (unsigned missing = ranks - 1; missing > 0;) {
    std::vector<pollfd> asked;
    for (const Stranger& guest : guests) asked.push_back(for_input(guest.socket));
    const TimePoint room = has_room(guests, most);
    const bool takes_in = Clock::now() >= room;
    if (takes_in) {
      for (const FileDescriptor& one : listening_) asked.push_back(for_input(one));
    }
    wait_for_any(asked, takes_in ? limit : std::min(limit, room));
    if (Clock::now() >= limit) {
      std::string names;
      for (unsigned rank = 1; rank < ranks; ++rank) {
        if (!there[rank].valid()) names += fmt::format(" {}", rank);
      }
      throw Fatal(fmt::format("in {} s these ranks have not reached rank 0 at any of {}:{}",
                              kAssembling.count(), addresses_in(place_), names));
    }
    for (std::size_t n = guests.size(); n-- > 0;) {
      if (asked[n].revents == 0) continue;
      Stranger& guest = guests[n];
      if (hear(guest, 2 * kWord) && guest.said.size() < 2 * kWord) continue;
      const std::string_view said = guest.said;
      if (said.size() == 2 * kWord && said.starts_with(secret_)) {
        const auto rank = rank_of(said.substr(kWord));
        if (rank && *rank > 0 && *rank < ranks && !there[*rank].valid()) {
          there[*rank] = std::move(guest.socket);
          --missing;
        }
      }
      guests.erase(guests.begin() + static_cast<long>(n));
    }
    let_go(guests);
    for (const FileDescriptor& one : listening_) take_in(one, name_, guests, most);
  }
  return there;
}

FileDescriptor attend(const std::string& place, unsigned rank) {
  std::istringstream words(place);
  std::string name;
  std::string secret;
  words >> name >> secret;
  std::vector<std::string> addresses;
  for (std::string address; words >> address;) addresses.push_back(address);
  FileDescriptor socket = first_to_say(name, call(addresses));
  if (!socket.valid() || !say(socket, secret + word(rank))) {
    throw Fatal(fmt::format("does not reach rank 0 at any of {}", addresses_in(place)));
  }
  return socket;
}

}  // namespace millrace::fleet
