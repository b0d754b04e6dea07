#include "sink/control/client_table.h"

#include <algorithm>
#include <vector>

namespace millrace::sink {

void ClientRow::add(const ClientRow& other) {
  if (other.last >= last) helo = other.helo;
  first = sessions == 0 ? other.first : std::min(first, other.first);
  last = std::max(last, other.last);
  sessions_open += other.sessions_open;
  sessions += other.sessions;
  tls += other.tls;
  messages += other.messages;
  recipients += other.recipients;
  refused += other.refused;
}

ClientRow& ClientTable::opened(const std::string& address, TimePoint now) {
  const auto [place, fresh] = rows_.try_emplace(address);
  ClientRow& row = place->second;
  if (!fresh && row.sessions_open == 0) --idle_;
  if (row.sessions++ == 0) row.first = now;
  ++row.sessions_open;
  row.last = now;
  if (idle_ >= 2 * kKept) make_room();
  return row;
}

void ClientTable::closed(ClientRow& row) {
  if (--row.sessions_open == 0) ++idle_;
}

// Half of those without a session, the oldest, go at once: so one costs next to nothing.
void ClientTable::make_room() {
  std::vector<TimePoint> times;
  for (const auto& [address, row] : rows_) {
    if (row.sessions_open == 0) times.push_back(row.last);
  }
  const auto newest_to_go = times.end() - static_cast<std::ptrdiff_t>(kKept) - 1;
  std::nth_element(times.begin(), newest_to_go, times.end());
  std::size_t left = times.size() - kKept;
  idle_ = kKept;
  std::erase_if(rows_, [&, limit = *newest_to_go](const auto& entry) {
    const ClientRow& row = entry.second;
    if (left == 0 || row.sessions_open > 0 || row.last > limit) return false;
    others_ += row.sessions;
    --left;
    return true;
  });
}

void ClientTable::forget() {
  std::erase_if(rows_, [](const auto& entry) { return entry.second.sessions_open == 0; });
  for (auto& [address, row] : rows_) {
    row = {.helo = row.helo,
           .sessions_open = row.sessions_open,
           .sessions = row.sessions_open,
           .first = row.first,
           .last = row.last};
  }
  idle_ = 0;
  others_ = 0;
}

void ClientObserver::opened(const net::SocketAddress& peer, TimePoint now) {
  row_ = &table_.opened(peer.host(), now);
}

// It is this one's session, not the proxy's.
void ClientObserver::speaks_for(const net::SocketAddress& source) {
  const TimePoint now = row_->last;
  table_.closed(*row_);
  --row_->sessions;
  row_ = &table_.opened(source.host(), now);
}

void ClientObserver::secured(const Handshake& /*handshake*/) { ++row_->tls; }

void ClientObserver::ended(Ending /*ending*/, int /*error*/, TimePoint now) {
  table_.closed(*row_);
  row_->last = now;
}

void ClientObserver::greeted(smtp::Verb /*verb*/, std::string_view name) { row_->helo = name; }

void ClientObserver::replied(std::optional<smtp::Verb> /*verb*/, std::string_view reply,
                             std::size_t copies) {
  if (reply.starts_with('4') || reply.starts_with('5')) row_->refused += copies;
}

void ClientObserver::message_answered(std::size_t accepted) {
  if (accepted == 0) return;
  ++row_->messages;
  row_->recipients += accepted;
}

}  // namespace millrace::sink
