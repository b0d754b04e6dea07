#include "sink/rules/by_domain.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"

namespace millrace::sink::rules {
namespace {

// RFC 5321, 4.5.3.1.2.
constexpr std::size_t kLongestDomain = 255;

// The domain that all recipients have which a pattern matches, if that is known.
std::optional<std::string> only_domain(const Pattern& recipient) {
  if (recipient.glob() == nullptr) return std::nullopt;
  const auto ending = recipient.glob()->ending();
  if (!ending) return std::nullopt;
  const std::size_t at = ending->rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  return std::string(ending->substr(at + 1));
}

// The one that a pattern of domains is.
std::optional<std::string> itself(const Pattern& domain) {
  if (domain.glob() == nullptr || !domain.glob()->is_text()) return std::nullopt;
  return std::string(*domain.glob()->ending());
}

// All domains that patterns are about; none when that may be any.
template <typename DomainOf>
std::set<std::string> domains(const std::optional<Patterns>& patterns, DomainOf domain_of) {
  std::set<std::string> domains;
  if (!patterns) return domains;
  for (const Pattern& pattern : patterns->any()) {
    const auto domain = domain_of(pattern);
    if (!domain || domain->size() > kLongestDomain) return {};
    domains.insert(*domain);
  }
  return domains;
}

}  // namespace

void ByDomain::add(std::uint32_t place, const Match& match) {
  all_.push_back(place);
  std::set<std::string> about = domains(match.domain, itself);
  if (about.empty()) about = domains(match.recipient, only_domain);
  if (about.empty()) of_any_.push_back(place);
  for (const std::string& domain : about) of_[domain].push_back(place);
}

const ByDomain::Places* ByDomain::places_of(std::string_view domain) const {
  std::array<char, kLongestDomain> small;
  if (of_.empty() || domain.size() > small.size()) return nullptr;
  std::transform(domain.begin(), domain.end(), small.begin(), lower);
  const auto found = of_.find(std::string_view(small.data(), domain.size()));
  return found == of_.end() ? nullptr : &found->second;
}

}  // namespace millrace::sink::rules
