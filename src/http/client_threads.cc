#include "http/client_threads.h"

#include <exception>
#include <string>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::http {

// Those that are gone are joined.
std::size_t ClientThreads::count() {
  std::erase_if(clients_, [](Client& client) {
    const bool over = client.over;  // as it may be in the next moment
    if (over) client.thread.join();
    return over;
  });
  return clients_.size();
}

bool ClientThreads::begin(FileDescriptor& socket) {
  try {
    clients_.emplace_back();
  } catch (const std::exception& error) {
    fail(error.what());
    return false;
  }
  Client& client = clients_.back();
  client.socket = std::move(socket);
  try {
    client.thread = std::thread([this, &client] { attend(client); });
  } catch (const std::exception& error) {
    socket = std::move(client.socket);
    clients_.pop_back();
    fail(error.what());
    return false;
  }
  return true;
}

void ClientThreads::attend(Client& client) {
  try {
    serve_(client.socket);
  } catch (const std::exception& error) {
    fail(error.what());
  }
  client.socket = FileDescriptor();
  client.over = true;
}

void ClientThreads::join() {
  for (Client& client : clients_) client.thread.join();
  clients_.clear();
}

// There may be no memory to say it.
void ClientThreads::fail(const char* why) {
  if (failed_++ > 0) return;
  try {
    warn(std::string("HTTP: a client could not be served: ") + why);
  } catch (const std::exception& /*it is counted*/) {
  }
}

}  // namespace millrace::http
