#include "sink/store/store_observer.h"

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "sink/xclient_address.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

// What XCLIENT gives where there is nothing to give: "[UNAVAILABLE]", "[TEMPUNAVAIL]".
std::string available(std::string_view value) {
  return value.starts_with('[') ? std::string() : std::string(value);
}

// RFC 3848.
std::string_view protocol_name(smtp::Verb hello, bool tls) {
  if (hello == smtp::Verb::lhlo) return tls ? "LMTPS" : "LMTP";
  if (hello == smtp::Verb::ehlo) return tls ? "ESMTPS" : "ESMTP";
  return "SMTP";
}

// What stands behind the path, without the blanks between them.
std::string_view parameters_behind_path(std::string_view arguments) {
  const std::string_view path = smtp::path_in(arguments);
  const std::string_view rest =
      arguments.substr(static_cast<std::size_t>(path.data() + path.size() - arguments.data()));
  const std::size_t begin = rest.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : rest.substr(begin);
}

}  // namespace

StoreObserver::~StoreObserver() { forget(); }

void StoreObserver::forget() {
  if (!message_) return;
  if (message_->hashing) message_->hashing->finish();  // of what there was of it
  keeper_.give_back(std::move(message_));
}

void StoreObserver::opened(const net::SocketAddress& peer, TimePoint /*now*/) {
  client_.address = peer.host();
  client_.port = peer.port();
}

void StoreObserver::speaks_for(const net::SocketAddress& source) { opened(source, {}); }

void StoreObserver::secured(const Handshake& handshake) {
  client_.tls_version = handshake.version;
  client_.tls_cipher = handshake.cipher;
}

void StoreObserver::greeted(smtp::Verb verb, std::string_view name) {
  hello_ = verb;
  client_.helo = name;
}

void StoreObserver::client_attribute(std::string_view name, std::string_view value) {
  if (name == "HELO") client_.helo = available(value);
  if (name == "NAME") client_.name = available(value);
  if (name == "LOGIN") client_.login = available(value);
  if (name == "PORT") {
    client_.port = static_cast<unsigned>(whole_number(value, 0, net::kLastPort).value_or(0));
  }
  if (name != "ADDR") return;
  if (const auto address = xclient_address(value)) client_.address = address->host();
}

void StoreObserver::mail(std::string_view arguments) {
  forget();
  message_ = keeper_.lend();
  message_->sender = smtp::address_in(arguments);
  message_->mail_parameters = parameters_behind_path(arguments);
  recipient_bytes_ = 0;
  dots_.reset();
}

void StoreObserver::recipient(std::string_view arguments) {
  const std::string_view address = smtp::address_in(arguments);
  recipient_bytes_ += address.size() + sizeof(std::string);
  if (recipient_bytes_ <= kMostRecipientBytes) message_->recipients.emplace_back(address);
}

void StoreObserver::append(std::string_view text) {
  message_->content.append(text);
  if (message_->hashing) message_->hashing->update(text);
}

void StoreObserver::content(std::string_view bytes, smtp::Form form) {
  if (form == smtp::Form::plain) return append(bytes);
  dots_.take(bytes, [this](std::string_view text) { append(text); });
}

smtp::Storage StoreObserver::message_complete() {
  if (message_->hashing) message_->hash = message_->hashing->finish();
  const int error = recipient_bytes_ > kMostRecipientBytes ? ENOBUFS : message_->content.error();
  if (error == 0) return smtp::Storage::kept;
  warn(describe_error("message not stored", error));
  return error == EMSGSIZE ? smtp::Storage::too_large : smtp::Storage::failed;
}

bool StoreObserver::record_first(const smtp::FinalReplies& replies) {
  using std::chrono::microseconds;
  message_->time = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  message_->id = make_message_id(message_->time);
  message_->listener = listener_.name;
  message_->host_name = listener_.profile.host_name;
  message_->client = client_;
  message_->client.protocol = protocol_name(hello_, !client_.tls_version.empty());
  if (replies.each != nullptr) {
    std::size_t place = 0;
    std::erase_if(message_->recipients,
                  [&](const std::string& /*address*/) { return !replies.accept(place++); });
  }
  keeper_.await(std::move(message_));
  return true;
}

}  // namespace millrace::sink
