#include "source/queue_id.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace millrace::source {
namespace {

constexpr std::size_t kLongest = 128;

// Where the name is.
enum class Place {
  behind,    // the mark, up to the end of the word or the last byte of `end`
  in_front,  // the word before the mark
};

struct Form {
  std::string_view mark;
  Place place;
  std::string_view end;  // behind: what ends it besides a blank
};

// A row a form; the first of which the reply has one is taken. What a mark could be part of comes
// ahead of it.
constexpr auto kForms = std::to_array<Form>({
    {" queued as ", Place::behind, ""},  // Postfix: "250 2.0.0 Ok: queued as 4ABCdz3k2Zz1"
    {" OK id=", Place::behind, ""},      // Exim: "250 OK id=1l1qk2-0005jI-HL"
    {" OK ids=", Place::behind, ""},     // KumoMTA: "250 OK ids=d7ef132b5d7711eea8c8000c29c33806"
    {"[InternalId=", Place::behind,
     ","},  // Exchange: "250 2.6.0 <id> [InternalId=12, Hostname=h] ..."
    {"Message Queued (", Place::behind, ")"},  // Haraka: "250 Message Queued (8A1E...-....1)"
    {" queued with id ", Place::behind, "."},  // Stalwart: "250 2.0.0 Message queued with id 1f."
    {" qp ", Place::behind, ""},               // qmail: "250 ok 1700000000 qp 12345"
    // Sendmail: "250 2.0.0 t7VGNO3Z000335 Message accepted for delivery"; OpenSMTPD the same.
    {" Message accepted for delivery", Place::in_front, ""},
    // Google: "250 2.0.0 OK  1699999999 d9443c01a7336-1cc3456si123456plb.7 - gsmtp"
    {" - gsmtp", Place::in_front, ""},
    {" Saved", Place::in_front, ""},  // Dovecot: "250 2.0.0 <a@b> K4oYBmX5Y2VKDgAAvD1Vpg Saved"
});

bool printable_word(std::string_view text) {
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char byte) { return byte > ' ' && byte <= '~'; });
}

std::string_view behind(std::string_view text, std::string_view end) {
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n"));
  return end.empty() ? word : word.substr(0, word.rfind(end));
}

// A word that is neither a reply code nor an enhanced status code nor an address.
std::string_view last_word(std::string_view text) {
  const std::size_t blank = text.find_last_of(" \t\r\n");
  if (blank == std::string_view::npos) return {};  // the code
  const std::string_view word = text.substr(blank + 1);
  const bool status = word.size() >= 5 && word[1] == '.' &&
                      word.find_first_not_of("0123456789.") == std::string_view::npos;
  return status || word.starts_with('<') ? std::string_view() : word;
}

}  // namespace

std::string_view queue_id(std::string_view reply) {
  for (const Form& form : kForms) {
    const std::size_t mark = reply.find(form.mark);
    if (mark == std::string_view::npos) continue;
    const std::string_view found = form.place == Place::behind
                                       ? behind(reply.substr(mark + form.mark.size()), form.end)
                                       : last_word(reply.substr(0, mark));
    if (printable_word(found)) return found;
  }
  return {};
}

}  // namespace millrace::source
