#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/output.h"
#include "net/tls_context.h"

struct ssl_st;
struct ssl_session_st;

namespace millrace::net {

// A TLS session that may be resumed by a later connection.
using TlsSession = std::shared_ptr<ssl_session_st>;

// TLS between a stream and its socket (RFC 8446): what the peer sent goes in, plain text comes
// out, and the other way round. It does no I/O.
class TlsFilter {
 public:
  // `resumed`: a session of an earlier connection, or null.
  explicit TlsFilter(const TlsContext& context, const TlsSession& resumed = nullptr);
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;
  ~TlsFilter();

  enum class Event : std::uint8_t {
    more,     // all input is used up
    secured,  // the handshake is done; once
    data,     // plain text has come
    closed,   // the peer ended in order
    failed,   // see failure()
  };

  // What the peer sent next; used up by calls of advance() until it returns Event::more.
  void feed(std::string_view bytes);
  // Goes one step on. Appends what is to be sent to `wire`. `plain`: set for Event::data, valid
  // until the next call on any filter of this thread.
  Event advance(Output& wire, std::string_view& plain);

  // What to send, in plain text; encrypt() moves it on once the handshake is done, as long as
  // `wire` holds less than `limit`.
  Output& plain() { return plain_; }
  [[nodiscard]] const Output& plain() const { return plain_; }
  void encrypt(Output& wire, std::size_t limit);

  // Asks the peer for another handshake, where it is a client of a context that allows that: before
  // TLS 1.3 by a new hello (RFC 5746), while plain text waits; from then on, where there is no such
  // thing, by new keys for both sides (RFC 8446, 4.6.3). A peer that will not have it fails the
  // session.
  void renegotiate(Output& wire);

  // Says that nothing more will be sent. Once.
  void close(Output& wire);
  [[nodiscard]] bool close_sent() const { return close_sent_; }

  [[nodiscard]] bool secured() const { return secured_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Whether what came first looks like a record of TLS (RFC 8446, 5.1): of a handshake, or an
  // alert.
  [[nodiscard]] bool began_with_tls() const { return first_ == '\x16' || first_ == '\x15'; }

  // Of an established session.
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] bool has_peer_certificate() const;
  // "TLSv1.3" and "TLS_AES_256_GCM_SHA384", say. OpenSSL keeps both for ever.
  [[nodiscard]] std::string_view version() const;
  [[nodiscard]] std::string_view cipher() const;
  // To be resumed later; null while the server has given none.
  [[nodiscard]] TlsSession session() const;

 private:
  struct Wire;

  Event wait();
  void fail(std::string_view doing);
  void write(std::string_view text);

  ssl_st* ssl_;
  std::string_view input_;
  Output* wire_ = nullptr;  // during a call
  Output plain_;
  std::string failure_;
  char first_ = '\0';  // byte of all that came
  bool secured_ = false;
  bool renegotiated_ = false;  // or about to be
  bool close_sent_ = false;
};

}  // namespace millrace::net
