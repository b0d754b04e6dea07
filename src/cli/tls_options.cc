#include "cli/tls_options.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/text_values.h"
#include "net/address_pool.h"

namespace millrace::cli {
namespace {

using smtp::Extension;

int version(const std::string& text, const std::string& whole) {
  if (text == "1.2") return 12;
  if (text == "1.3") return 13;
  reject("TLS version", whole, "--tls-version", "expected 1.2, 1.3 or 1.2-1.3");
}

// What both programs have.
void add_common(OptionGroup& group, net::TlsOptions& options) {
  group.value("--tls-version", "VERSION", "1.2, 1.3 or 1.2-1.3", [&](const std::string& text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    options.least_version = version(text.substr(0, dash), text);
    options.most_version =
        dash == text.size() ? options.least_version : version(text.substr(dash + 1), text);
    if (options.most_version < options.least_version) {
      reject("TLS version", text, "--tls-version", "the lower one comes first: 1.2-1.3");
    }
  });
  group.value("--tls-ciphers", "LIST", "in OpenSSL's names, separated by colons",
              [&](const std::string& list) { options.ciphers = list; });
  group.value("--tls-groups", "LIST", "of the key exchange, the same",
              [&](const std::string& list) { options.groups = list; });
  group.value("--tls-cert", "FILE", "certificate and its chain, PEM",
              [&](const std::string& path) { options.certificate_file = path; });
  group.value("--tls-key", "FILE", "its key, unless in the same file",
              [&](const std::string& path) { options.key_file = path; });
}

// Options that say nothing without TLS, and whether they were given.
using Given = std::vector<std::pair<std::string_view, bool>>;

void refuse_without_tls(Given given, const net::TlsOptions& common) {
  given.insert(given.end(), {{"--tls-cert", !common.certificate_file.empty()},
                             {"--tls-key", !common.key_file.empty()},
                             {"--tls-version", common.least_version != 0},
                             {"--tls-ciphers", !common.ciphers.empty()},
                             {"--tls-groups", !common.groups.empty()}});
  for (const auto& [option, was_given] : given) {
    if (was_given) throw Fatal(std::string(option) + " needs --starttls or --tls");
  }
}

}  // namespace

void add_tls_options(CommandLine& line, ClientTlsDraft& draft, smtp::ClientPlan& plan) {
  net::TlsClientOptions& options = draft.options;
  OptionGroup group(line, "TLS");
  group.flag("--starttls", "turn to TLS by STARTTLS; implies --ehlo",
             [&plan] { plan.wanted.add(Extension::starttls); });
  group.flag("--tls,--tls-on-connect", "TLS from the start", draft.from_start);
  add_common(group, options.common);
  group.value("--sni", "NAME", "server name to ask for (the host)",
              [&](const std::string& name) { options.server_name = host_name(name, "--sni"); });
  group.flag("--tls-verify", "insist on a valid certificate", options.verify);
  group.value("--tls-ca-file", "FILE", "authorities to trust, PEM (the system's)",
              [&](const std::string& path) { options.ca_file = path; });
  group.value("--tls-ca-dir", "DIR", "the same, a directory",
              [&](const std::string& path) { options.ca_directory = path; });
  group.value("--tls-alpn", "LIST", "protocols to propose, with commas",
              [&](const std::string& list) {
                const auto names = list_items(list, "--tls-alpn");
                options.alpn.assign(names.begin(), names.end());
              });
  group.flag("--tls-resume", "resume the session of the last connection", options.resume);
}

void complete_tls(source::SourceOptions& options, const ClientTlsDraft& draft) {
  options.tls_from_start = draft.from_start;
  const bool starttls = options.plan.wanted.has(Extension::starttls);
  if (draft.from_start && starttls)
    throw Fatal("use only one of --tls or --starttls, but not both");
  if (!draft.from_start && !starttls) {
    const net::TlsClientOptions& given = draft.options;
    return refuse_without_tls({{"--tls-verify", given.verify},
                               {"--tls-ca-file", !given.ca_file.empty()},
                               {"--tls-ca-dir", !given.ca_directory.empty()},
                               {"--sni", !given.server_name.empty()},
                               {"--tls-alpn", !given.alpn.empty()},
                               {"--tls-resume", given.resume}},
                              given.common);
  }
  options.tls = draft.options;
  const std::string& host = options.endpoint.host;
  if (options.tls->server_name.empty() && !net::numeric_address(host, 0))
    options.tls->server_name = host;
  if (options.tls->verify && options.tls->server_name.empty()) {
    throw Fatal("--tls-verify needs the name that the certificate is for (--sni NAME)");
  }
}

void add_tls_options(CommandLine& line, ServerTlsDraft& draft, smtp::ExtensionSet& offered) {
  net::TlsServerOptions& options = draft.options;
  OptionGroup group(line, "TLS");
  group.flag("--starttls", "offer STARTTLS", [&offered] { offered.add(Extension::starttls); });
  group.flag("--tls,--tls-on-connect", "TLS from the start", draft.from_start);
  add_common(group, options.common);
  group.value("--tls-key-type", "TYPE",
              "ecdsa or rsa, of the certificate\nthat is made without --tls-cert (ecdsa)",
              [&](const std::string& type) {
                using KeyType = net::TlsServerOptions::KeyType;
                if (type != "ecdsa" && type != "rsa") {
                  reject("key type", type, "--tls-key-type", "expected ecdsa or rsa");
                }
                draft.key_type = type == "rsa" ? KeyType::rsa : KeyType::ecdsa;
              });
  group.flag("--tls-ask-cert", "ask for a client certificate", options.ask_for_certificate);
}

void complete_tls(sink::SinkOptions& options, const ServerTlsDraft& draft) {
  options.tls_from_start = draft.from_start;
  // Nobody turns to TLS twice.
  if (draft.from_start) options.profile.offered.remove(Extension::starttls);
  if (!draft.from_start && !options.profile.offered.has(Extension::starttls)) {
    return refuse_without_tls({{"--tls-ask-cert", draft.options.ask_for_certificate},
                               {"--tls-key-type", draft.key_type.has_value()}},
                              draft.options.common);
  }
  options.tls = draft.options;
  if (draft.key_type) {
    if (!options.tls->common.certificate_file.empty()) {
      throw Fatal("--tls-key-type is of a certificate that is made: not with --tls-cert");
    }
    options.tls->key_type = *draft.key_type;
  }
  options.tls->host_name = options.profile.host_name;
}

}  // namespace millrace::cli
