#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "sink/session_observer.h"

namespace millrace::sink {

// What a client has done, whatever its sessions.
struct ClientRow {
  std::string helo;  // the last that it called itself
  std::uint64_t sessions_open = 0;
  std::uint64_t sessions = 0;
  std::uint64_t tls = 0;         // handshakes
  std::uint64_t messages = 0;    // that were taken
  std::uint64_t recipients = 0;  // that they were taken for
  std::uint64_t refused = 0;     // replies that said no
  TimePoint first;               // when it came first
  TimePoint last;                // when a session began or ended last

  // The same client on another thread.
  void add(const ClientRow& other);
};

// Clients by their addresses, as one worker has them.
class ClientTable {
 public:
  using Rows = std::unordered_map<std::string, ClientRow>;

  // Of those without a session at least so many are kept, the latest.
  static constexpr std::size_t kKept = 1000;

  // A session begins. The row stays where it is until its last session ends.
  ClientRow& opened(const std::string& address, TimePoint now);

  // A session of this row is over.
  void closed(ClientRow& row);

  [[nodiscard]] const Rows& rows() const { return rows_; }
  // Sessions of clients that had to go.
  [[nodiscard]] std::uint64_t others() const { return others_; }

  // All was of before: those that are here begin anew.
  void forget();

 private:
  void make_room();

  Rows rows_;
  std::size_t idle_ = 0;  // rows without a session
  std::uint64_t others_ = 0;
};

// Puts one session into the table.
class ClientObserver final : public SessionObserver {
 public:
  // `table` must outlive this.
  explicit ClientObserver(ClientTable& table) : table_(table) {}

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;
  void secured(const Handshake& handshake) override;
  void ended(Ending ending, int error, TimePoint now) override;
  void greeted(smtp::Verb verb, std::string_view name) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;
  void message_answered(std::size_t accepted) override;

 private:
  ClientTable& table_;
  ClientRow* row_ = nullptr;  // once it is opened
};

}  // namespace millrace::sink
