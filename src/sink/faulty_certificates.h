#pragma once

#include "net/tls_context.h"
#include "sink/rules/rule.h"

namespace millrace::sink {

// Certificates that no client should take, made at start, for rules that show them. The sink's own
// certificate vouches for those whose date or name is wrong, so that a client which trusts that one
// as an authority gets as far as what is wrong with them.
class FaultyCertificates {
 public:
  // As those of `options`, but for what is wrong with each. `own`: who shows the sink's own.
  FaultyCertificates(const net::TlsServerOptions& options, const net::TlsContext& own);

  // Null where the fault is none of a certificate.
  [[nodiscard]] const net::TlsContext* of(rules::TlsFault fault) const;

 private:
  net::TlsContext expired_;
  net::TlsContext wrong_name_;
  net::TlsContext self_signed_;
};

}  // namespace millrace::sink
