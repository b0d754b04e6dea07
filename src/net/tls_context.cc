#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

constexpr unsigned kRsaBits = 2'048;
constexpr long kCertificateDays = 30;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void require(bool done, const std::string& what) {
  if (!done) throw Fatal(what + ": " + tls_error_text());
}

int version(int number) { return number == 12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

// TLS 1.3 has a list of its own; its names all begin alike.
void set_ciphers(SSL_CTX* context, const std::string& names) {
  std::string of_tls13;
  std::string of_tls12;
  for (std::string_view rest = names; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    std::string& list = name.substr(0, 4) == "TLS_" ? of_tls13 : of_tls12;
    if (!list.empty()) list += ':';
    list += name;
  }
  const std::string what = "TLS ciphers " + names;
  if (!of_tls13.empty()) {
    require(SSL_CTX_set_ciphersuites(context, of_tls13.c_str()) == 1, what);
  }
  if (!of_tls12.empty()) require(SSL_CTX_set_cipher_list(context, of_tls12.c_str()) == 1, what);
}

void load_certificate(SSL_CTX* context, const TlsOptions& options) {
  const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
  require(SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) == 1,
          "TLS certificate " + options.certificate_file);
  require(SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1,
          "TLS key " + key);
  require(SSL_CTX_check_private_key(context) == 1, "TLS key " + key);
}

// Nobody is asked for a password: what is public has none.
int have_no_password(char* /*password*/, int /*size*/, int /*writing*/, void* /*unused*/) {
  return -1;
}

struct FreeFound {
  void operator()(STACK_OF(X509_INFO) * found) const {
    sk_X509_INFO_pop_free(found, X509_INFO_free);
  }
};

// As OpenSSL does for a file of authorities.
void trust(SSL_CTX* context, const TlsClientOptions& options) {
  const std::string what = "TLS certificate authorities " + options.ca_file;
  const std::string& pem = options.authorities;
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  require(text != nullptr, what);
  const std::unique_ptr<STACK_OF(X509_INFO), FreeFound> found(
      PEM_X509_INFO_read_bio(text.get(), nullptr, have_no_password, nullptr));
  require(found != nullptr && sk_X509_INFO_num(found.get()) > 0, what);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (int number = 0; number < sk_X509_INFO_num(found.get()); ++number) {
    const X509_INFO* const one = sk_X509_INFO_value(found.get(), number);
    require(one->x509 == nullptr || X509_STORE_add_cert(store, one->x509) == 1, what);
    require(one->crl == nullptr || X509_STORE_add_crl(store, one->crl) == 1, what);
  }
}

void add_name(X509_NAME* name, const char* field, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

// Leaves out what cannot be made, as the key identifier of an issuer that has none.
void add_extension(X509* certificate, X509* issuer, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  using Extension = std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)>;
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str()),
                            X509_EXTENSION_free);
  if (extension) X509_add_ext(certificate, extension.get(), -1);
  ERR_clear_error();
}

// What a key signs with: Ed25519 and Ed448 have a digest of their own (RFC 8410).
const EVP_MD* digest_of(EVP_PKEY* key) {
  const bool its_own = EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
  return its_own ? nullptr : EVP_sha256();
}

// A certificate made in memory, for which only itself vouches, or its issuer.
void make_certificate(SSL_CTX* context, const TlsServerOptions& options,
                      const TlsContext* vouching) {
  const bool rsa = options.key_type == TlsServerOptions::KeyType::rsa;
  const Key key(rsa ? EVP_RSA_gen(kRsaBits) : EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  require(key != nullptr && certificate != nullptr, "TLS certificate");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  constexpr long kDay = 24 * 60 * 60;
  const long start = options.expired ? -(kCertificateDays + 1) * kDay : 0;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), start);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), start + kCertificateDays * kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  add_name(name, "CN", options.host_name);
  X509* issuer = certificate.get();
  EVP_PKEY* signer = key.get();
  if (vouching != nullptr) {
    // Whose subject is its issuer's counts as signed by itself.
    add_name(name, "O", "made by smtp-sink");
    issuer = SSL_CTX_get0_certificate(vouching->get());
    signer = SSL_CTX_get0_privatekey(vouching->get());
    add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid");
  }
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  add_extension(certificate.get(), issuer, NID_subject_alt_name, "DNS:" + options.host_name);
  require(X509_sign(certificate.get(), signer, digest_of(signer)) > 0 &&
              SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key.get()) == 1,
          "TLS certificate");
}

// The wire form: each name with its length ahead of it (RFC 7301, 3.1).
std::string alpn_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) throw Fatal("bad ALPN name: '" + name + "'");
    list += static_cast<char>(name.size());
    list += name;
  }
  return list;
}

}  // namespace

std::string tls_error_text() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "failed";
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  if (const char* const reason = ERR_reason_error_string(error)) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

TlsContext::TlsContext(bool client, const TlsOptions& options)
    : context_(SSL_CTX_new(client ? TLS_client_method() : TLS_server_method()), SSL_CTX_free),
      client_(client) {
  require(context_ != nullptr, "TLS");
  SSL_CTX* const context = context_.get();
  // Sessions that wait need no buffers; 10,000 of them would.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  if (options.least_version != 0) {
    SSL_CTX_set_min_proto_version(context, version(options.least_version));
  }
  if (options.most_version != 0) {
    SSL_CTX_set_max_proto_version(context, version(options.most_version));
  }
  if (!options.ciphers.empty()) set_ciphers(context, options.ciphers);
  if (!options.groups.empty()) {
    require(SSL_CTX_set1_groups_list(context, options.groups.c_str()) == 1,
            "TLS groups " + options.groups);
  }
  if (!options.certificate_file.empty()) load_certificate(context, options);
}

TlsContext TlsContext::for_client(const TlsClientOptions& options) {
  TlsContext made(true, options.common);
  SSL_CTX* const context = made.get();
  made.server_name_ = options.server_name;
  made.resumes_ = options.resume;
  if (options.renegotiate) SSL_CTX_clear_options(context, SSL_OP_NO_RENEGOTIATION);
  // Sessions are kept by those that resume them, if any.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (options.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (options.authorities.empty() && options.ca_directory.empty()) {
      SSL_CTX_set_default_verify_paths(context);
    }
  }
  if (!options.authorities.empty()) trust(context, options);
  if (!options.ca_directory.empty()) {
    require(SSL_CTX_load_verify_dir(context, options.ca_directory.c_str()) == 1,
            "TLS certificate authorities " + options.ca_directory);
  }
  if (!options.alpn.empty()) {
    const std::string list = alpn_list(options.alpn);
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  return made;
}

TlsContext TlsContext::for_server(const TlsServerOptions& options, const TlsContext* issuer) {
  TlsContext made(false, options.common);
  SSL_CTX* const context = made.get();
  if (options.common.certificate_file.empty()) make_certificate(context, options, issuer);
  // Tickets hold all that resumption needs; nothing is kept here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  constexpr std::array<unsigned char, 9> kSessionContext{'s', 'm', 't', 'p', '-',
                                                         's', 'i', 'n', 'k'};
  SSL_CTX_set_session_id_context(context, kSessionContext.data(), kSessionContext.size());
  if (options.ask_for_certificate) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
  return made;
}

}  // namespace millrace::net
