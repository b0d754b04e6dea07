#include "cli/tls_options.h"

#include <algorithm>
#include <string_view>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "cli/given.h"
#include "cli/sink_arguments.h"
#include "cli/source_arguments.h"
#include "cli/text_values.h"
#include "net/address_pool.h"

namespace millrace::cli {
namespace {

using KeyType = net::TlsServerOptions::KeyType;

// "1.2", "1.3" or "1.2-1.3".
TlsVersions versions(const std::string& text, std::string_view names) {
  const auto version = [&](std::string_view one) {
    if (one == "1.2") return 12;
    if (one == "1.3") return 13;
    reject("TLS version", text, names, "expected 1.2, 1.3 or 1.2-1.3");
  };
  const std::string_view whole = text;
  const std::size_t dash = std::min(whole.find('-'), whole.size());
  const int least = version(whole.substr(0, dash));
  const int most = dash == whole.size() ? least : version(whole.substr(dash + 1));
  if (most < least) reject("TLS version", text, names, "the lower one comes first: 1.2-1.3");
  return {.least = least, .most = most};
}

// What both programs have.
void add_common(OptionGroup& group, TlsArguments& given) {
  group.value("--tls-version", "VERSION", "1.2, 1.3 or 1.2-1.3", given.tls_version, versions);
  group.value("--tls-ciphers", "LIST", "in OpenSSL's names, separated by colons", given.tls_ciphers,
              some_text);
  group.value("--tls-groups", "LIST", "of the key exchange, the same", given.tls_groups, some_text);
  group.value("--tls-cert", "FILE", "certificate and its chain, PEM", given.tls_cert, some_text);
  group.value("--tls-key", "FILE", "its key, unless in the same file", given.tls_key, some_text);
}

net::TlsOptions common(const TlsArguments& given) {
  net::TlsOptions options;
  if (given.tls_version) {
    options.least_version = given.tls_version->least;
    options.most_version = given.tls_version->most;
  }
  put(options.ciphers, given.tls_ciphers);
  put(options.groups, given.tls_groups);
  put(options.certificate_file, given.tls_cert);
  put(options.key_file, given.tls_key);
  return options;
}

}  // namespace

void add_tls_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "TLS");
  group.flag("--starttls", "turn to TLS by STARTTLS; implies --ehlo", given.starttls);
  group.flag("--tls,--tls-on-connect", "TLS from the start", given.tls);
  add_common(group, given);
  group.value("--sni", "NAME", "server name to ask for (the host)", given.sni, host_name);
  group.flag("--tls-verify", "insist on a valid certificate", given.tls_verify);
  group.value("--tls-ca-file", "FILE", "authorities to trust, PEM (the system's)",
              given.tls_ca_file, some_text);
  group.value("--tls-ca-dir", "DIR", "the same, a directory", given.tls_ca_dir, some_text);
  group.value("--tls-alpn", "LIST", "protocols to propose, with commas", given.tls_alpn,
              list_items);
  group.flag("--tls-resume", "resume the session of the last connection", given.tls_resume);
}

void build_tls(const SourceArguments& given, source::SourceOptions& options) {
  options.tls_from_start = given.tls;
  if (!given.uses_tls() && !given.tells_of_tls()) return;
  net::TlsClientOptions tls{.common = common(given),
                            .verify = given.tls_verify,
                            .ca_file = given.tls_ca_file.value_or(""),
                            .ca_directory = given.tls_ca_dir.value_or(""),
                            .server_name = given.sni.value_or(""),
                            .alpn = given.tls_alpn.value_or(std::vector<std::string>()),
                            .resume = given.tls_resume};
  if (given.tls_ca_file) tls.authorities = read_certificates(tls.ca_file);
  const std::string& host = options.endpoint.host;
  if (tls.server_name.empty() && !net::numeric_address(host, 0)) tls.server_name = host;
  if (tls.verify && tls.server_name.empty()) {
    throw Fatal("--tls-verify needs the name that the certificate is for (--sni NAME)");
  }
  options.tls = std::move(tls);
}

void add_tls_options(CommandLine& line, SinkArguments& given) {
  OptionGroup group(line, "TLS");
  group.flag("--starttls", "offer STARTTLS", given.starttls);
  group.flag("--tls,--tls-on-connect", "TLS from the start", given.tls);
  add_common(group, given);
  group.value("--tls-key-type", "TYPE",
              "ecdsa or rsa, of the certificate\nthat is made without --tls-cert (ecdsa)",
              given.tls_key_type,
              one_of<KeyType>("key type", {{"ecdsa", KeyType::ecdsa}, {"rsa", KeyType::rsa}}));
  group.flag("--tls-ask-cert", "ask for a client certificate", given.tls_ask_cert);
}

void build_tls(const SinkArguments& given, sink::SinkOptions& options) {
  if (!given.uses_tls()) return;
  options.tls = {.common = common(given),
                 .key_type = given.tls_key_type.value_or(KeyType::ecdsa),
                 .host_name = options.listeners.front().profile.host_name,
                 .ask_for_certificate = given.tls_ask_cert};
}

}  // namespace millrace::cli
