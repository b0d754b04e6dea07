#include "sink/faulty_certificates.h"

namespace millrace::sink {
namespace {

enum class Wrong : std::uint8_t { date, name, signer };

net::TlsContext make(net::TlsServerOptions options, const net::TlsContext& own, Wrong wrong) {
  options.common.certificate_file.clear();
  options.common.key_file.clear();
  options.expired = wrong == Wrong::date;
  if (wrong == Wrong::name) options.host_name = "wrong-name.invalid";  // RFC 2606
  return net::TlsContext::for_server(options, wrong == Wrong::signer ? nullptr : &own);
}

}  // namespace

FaultyCertificates::FaultyCertificates(const net::TlsServerOptions& options,
                                       const net::TlsContext& own)
    : expired_(make(options, own, Wrong::date)),
      wrong_name_(make(options, own, Wrong::name)),
      self_signed_(make(options, own, Wrong::signer)) {}

const net::TlsContext* FaultyCertificates::of(rules::TlsFault fault) const {
  switch (fault) {
    case rules::TlsFault::expired:
      return &expired_;
    case rules::TlsFault::wrong_name:
      return &wrong_name_;
    case rules::TlsFault::self_signed:
      return &self_signed_;
    default:
      return nullptr;
  }
}

}  // namespace millrace::sink
