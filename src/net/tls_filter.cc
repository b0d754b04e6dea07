#include "net/tls_filter.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/diagnostics.h"

namespace millrace::net {

// A BIO that reads from a filter's input and writes to its output: records are neither copied
// on their way in nor kept anywhere on their way out.
struct TlsFilter::Wire {
  static TlsFilter& of(BIO* bio) { return *static_cast<TlsFilter*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    std::string_view& input = of(bio).input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t length = std::min(input.size(), static_cast<std::size_t>(size));
    std::memcpy(into, input.data(), length);
    input.remove_prefix(length);
    return static_cast<int>(length);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    TlsFilter& filter = of(bio);
    if (filter.wire_ != nullptr) filter.wire_->append({bytes, static_cast<std::size_t>(size)});
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
      BIO_meth_set_read(method, read);
      BIO_meth_set_write(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

namespace {

// The most that a record holds (RFC 8446, 5.1).
constexpr std::size_t kRecord = 16'384;

// What a record is longer than what it carries (RFC 8446, 5.2: header, type, tag; some more before
// TLS 1.3).
constexpr std::size_t kOverhead = 64;

using Record = std::array<char, kRecord>;

// Plain text on its way in and, gathered to fill a record, on its way out.
thread_local Record incoming;
thread_local Record outgoing;

// SSL_get_error() tells of the oldest error of the thread. Looking first is much cheaper.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

TlsFilter::TlsFilter(const TlsContext& context, const TlsSession& resumed)
    : ssl_(SSL_new(context.get())) {
  BIO* const bio = BIO_new(Wire::method());
  if (ssl_ == nullptr || bio == nullptr) throw Fatal("TLS: " + tls_error_text());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (!context.client()) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  const std::string& name = context.server_name();
  if (!name.empty()) {
    SSL_set_tlsext_host_name(ssl_, name.c_str());
    SSL_set1_host(ssl_, name.c_str());
  }
  if (resumed) SSL_set_session(ssl_, resumed.get());
}

TlsFilter::~TlsFilter() {
  // Without this OpenSSL holds the session for broken and does not let it be resumed.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

void TlsFilter::feed(std::string_view bytes) {
  if (!secured_ && first_ == '\0' && !bytes.empty()) first_ = bytes.front();
  input_ = bytes;
  forget_errors();
}

TlsFilter::Event TlsFilter::advance(Output& wire, std::string_view& plain) {
  wire_ = &wire;
  if (!secured_) {
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) {
      secured_ = true;
      return Event::secured;
    }
    if (SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return wait();
    fail("TLS handshake");
    return Event::failed;
  }
  const int result = SSL_read(ssl_, incoming.data(), static_cast<int>(incoming.size()));
  if (result > 0) {
    plain = {incoming.data(), static_cast<std::size_t>(result)};
    return Event::data;
  }
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return wait();
    case SSL_ERROR_ZERO_RETURN:
      return Event::closed;
    default:
      fail("TLS");
      return Event::failed;
  }
}

// SSL_MODE_RELEASE_BUFFERS leaves a session some of what its handshake took.
TlsFilter::Event TlsFilter::wait() {
  SSL_free_buffers(ssl_);
  return Event::more;
}

void TlsFilter::encrypt(Output& wire, std::size_t limit) {
  if (!secured_ || close_sent_) return;
  if (renegotiated_ && SSL_in_init(ssl_) == 1) return;
  wire_ = &wire;
  forget_errors();
  // Room for all records at once: growing step by step would copy each of them once more.
  const std::size_t room = limit - std::min(limit, wire.size());
  const std::size_t records = (std::min(plain_.size(), room) + kRecord - 1) / kRecord;
  if (records > 1) wire.text().reserve(wire.text().size() + records * (kRecord + kOverhead));
  while (!plain_.empty() && wire.size() < limit) {
    std::array<std::string_view, 16> pieces;
    const std::size_t count = plain_.gather(pieces.data(), pieces.size());
    if (pieces[0].size() >= kRecord) {
      // Full records only; what is left of the piece shares one with what follows.
      const std::size_t length = std::min(pieces[0].size(), std::max(limit - wire.size(), kRecord));
      write(pieces[0].substr(0, length - length % kRecord));
      continue;
    }
    // Small pieces share a record.
    std::size_t filled = 0;
    for (std::size_t i = 0; i < count && filled < kRecord; ++i) {
      filled += pieces[i].copy(outgoing.data() + filled, kRecord - filled);
    }
    write({outgoing.data(), filled});
  }
}

// Writing cannot fail for want of room.
void TlsFilter::write(std::string_view text) {
  if (SSL_write(ssl_, text.data(), static_cast<int>(text.size())) <= 0) {
    fail("TLS");
    return;
  }
  plain_.consume(text.size());
}

void TlsFilter::renegotiate(Output& wire) {
  wire_ = &wire;
  forget_errors();
  renegotiated_ = true;
  if (SSL_version(ssl_) >= TLS1_3_VERSION) {
    SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  } else {
    SSL_renegotiate(ssl_);
  }
  SSL_do_handshake(ssl_);
  forget_errors();
}

void TlsFilter::close(Output& wire) {
  wire_ = &wire;
  close_sent_ = true;
  if (secured_ && failure_.empty()) SSL_shutdown(ssl_);
  forget_errors();
}

void TlsFilter::fail(std::string_view doing) {
  const long verdict = SSL_get_verify_result(ssl_);
  failure_ = std::string(doing) + ": " + tls_error_text();
  if (!secured_ && verdict != X509_V_OK) {
    failure_.append(", ").append(X509_verify_cert_error_string(verdict));
  }
  plain_.clear();  // what is left of it never goes out
}

bool TlsFilter::resumed() const { return SSL_session_reused(ssl_) == 1; }

bool TlsFilter::has_peer_certificate() const { return SSL_get0_peer_certificate(ssl_) != nullptr; }

std::string_view TlsFilter::version() const { return SSL_get_version(ssl_); }

std::string_view TlsFilter::cipher() const { return SSL_get_cipher_name(ssl_); }

TlsSession TlsFilter::session() const {
  SSL_SESSION* const session = SSL_get1_session(ssl_);
  if (session == nullptr) return nullptr;
  TlsSession shared(session, SSL_SESSION_free);
  return SSL_SESSION_is_resumable(session) == 1 ? shared : nullptr;
}

}  // namespace millrace::net
