#include "mail/dkim/dkim_signer.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/diagnostics.h"
#include "mail/dkim/dkim_header.h"
#include "smtp/path.h"

namespace millrace::mail {
namespace {

// RFC 5322, 2.1.1, without the CR LF.
constexpr std::size_t kFoldAt = 78;

// Writes the value of a field whose name is there: goes on in another line, behind a tab, where
// this one would get too long.
class Folding {
 public:
  explicit Folding(std::string& out) : out_(out), line_(out.rfind('\n') + 1) {}

  void fold() {
    out_ += "\r\n\t";
    line_ = out_.size() - 1;
  }

  // A word that a blank or the end of a line is ahead of.
  void word(std::string_view text) {
    if (room() < text.size() + 1) {
      fold();
    } else {
      out_ += ' ';
    }
    out_ += text;
  }

  // What belongs to the word before, but may be in the next line.
  void more(std::string_view text) {
    if (room() < text.size()) fold();
    out_ += text;
  }

  // What may be cut anywhere.
  void run(std::string_view text) {
    while (!text.empty()) {
      if (room() == 0) fold();
      const std::string_view part = text.substr(0, room());
      out_ += part;
      text.remove_prefix(part.size());
    }
  }

 private:
  [[nodiscard]] std::size_t room() const {
    return kFoldAt - std::min(kFoldAt, out_.size() - line_);
  }

  std::string& out_;
  std::size_t line_;  // where this line begins
};

// Puts bytes in Base64 (RFC 4648) to the end of `out`.
void append_base64(const unsigned char* bytes, std::size_t size, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + (size + 2) / 3 * 4 + 1);  // and the NUL that OpenSSL puts behind it
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin), bytes,
                  static_cast<int>(size));
  out.pop_back();
}

const std::string& checked_domain(const std::string& text, const char* what) {
  if (!smtp::valid_domain(text)) throw Fatal(fmt::format("bad DKIM {}: '{}'", what, text));
  return text;
}

std::vector<std::string> names_with_colons(const std::vector<std::string>& given) {
  std::vector<std::string> names{"from:"};
  for (const std::string& name : given.empty() ? default_dkim_fields() : given) {
    if (!valid_field_name(name) || name.find(';') != std::string::npos) {
      throw Fatal("bad name of a field to sign: '" + name + "'");
    }
    const std::string listed = name + ":";
    const bool twice = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
      return same_field_name(other, listed);
    });
    if (!twice) names.push_back(listed);
  }
  return names;
}

// What one signature is worked out in; kept for the next one of the thread.
struct Workspace {
  std::vector<HeaderField> fields;
  std::string canonical;
  std::string signature;
  std::string base64;
};

}  // namespace

const std::vector<std::string>& default_dkim_fields() {
  static const std::vector<std::string> fields{"from",
                                               "sender",
                                               "reply-to",
                                               "subject",
                                               "date",
                                               "message-id",
                                               "to",
                                               "cc",
                                               "mime-version",
                                               "content-type",
                                               "content-transfer-encoding",
                                               "resent-date",
                                               "resent-from",
                                               "resent-to",
                                               "resent-cc",
                                               "in-reply-to",
                                               "references",
                                               "list-id",
                                               "list-help",
                                               "list-unsubscribe",
                                               "list-unsubscribe-post",
                                               "list-subscribe",
                                               "list-post",
                                               "list-owner",
                                               "list-archive"};
  return fields;
}

DkimSigner::DkimSigner(const DkimOptions& options)
    : key_(options.key_file), names_(names_with_colons(options.fields)) {
  opening_ = "DKIM-Signature:";
  Folding tags(opening_);
  tags.word("v=1;");
  tags.word(fmt::format("a={};", key_.algorithm()));
  tags.word("c=relaxed/relaxed;");
  tags.word(fmt::format("d={};", checked_domain(options.domain, "domain")));
  tags.word(fmt::format("s={};", checked_domain(options.selector, "selector")));
  if (options.time) tags.word(fmt::format("t={};", options.time->time_since_epoch().count()));
  tags.fold();
  opening_ += "bh=";
}

bool DkimSigner::append_signature(std::string_view header, const BodyHash& body,
                                  std::string& out) const {
  thread_local Workspace work;
  work.fields.clear();
  append_fields(header, work.fields);

  const std::size_t begin = out.size();
  out += opening_;
  append_base64(body.data(), body.size(), out);
  out += ';';
  Folding tags(out);
  tags.fold();
  out += "h=";
  work.canonical.clear();
  std::size_t signed_fields = 0;
  for (const std::string& name : names_) {
    const std::string_view wanted = std::string_view(name).substr(0, name.size() - 1);
    for (auto field = work.fields.rbegin(); field != work.fields.rend(); ++field) {
      if (signed_fields == kMostSigned || !same_field_name(field->name, wanted)) continue;
      ++signed_fields;
      append_relaxed(*field, work.canonical);
      tags.more(name);
    }
    // From, the first, is once more than it is there.
    if (&name == &names_.front()) {
      if (signed_fields == 0) {
        out.resize(begin);
        return false;
      }
      tags.more(name);
    }
  }
  out.back() = ';';

  // The field itself is signed as it is before the signature is in it, without its end
  // (RFC 6376, 3.7).
  tags.fold();
  out += "b=";
  append_relaxed({.name = "DKIM-Signature", .text = std::string_view(out).substr(begin)},
                 work.canonical);
  work.canonical.resize(work.canonical.size() - 2);
  key_.sign(work.canonical, work.signature);
  work.base64.clear();
  append_base64(reinterpret_cast<const unsigned char*>(work.signature.data()),
                work.signature.size(), work.base64);
  tags.run(work.base64);
  out += "\r\n";
  return true;
}

}  // namespace millrace::mail
