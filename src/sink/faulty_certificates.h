#pragma once

#include "net/tls_context.h"
#include "sink/rules/rule.h"

namespace millrace::sink {

// Certificates that no client should take, made at start, for rules that show them. Nobody vouches
// for any of them.
class FaultyCertificates {
 public:
  // As those of `options`, but for what is wrong with each.
  explicit FaultyCertificates(const net::TlsServerOptions& options);

  // Null where the fault is none of a certificate.
  [[nodiscard]] const net::TlsContext* of(rules::TlsFault fault) const;

 private:
  net::TlsContext expired_;
  net::TlsContext wrong_name_;
  net::TlsContext self_signed_;
};

}  // namespace millrace::sink
