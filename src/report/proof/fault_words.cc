#include "report/proof/fault_words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "proof/comparison.h"

namespace millrace::report {
namespace {

using proof::Fault;
using proof::ProofCounts;

template <proof::Verdict kVerdict>
std::uint64_t counted(const ProofCounts& counts) {
  return counts.of(kVerdict);
}

template <proof::Verdict kVerdict>
bool judged(const Fault& fault) {
  return fault.verdict == kVerdict;
}

// Copies that were looked for, so that they can be too many, too late or unlike.
bool arrived(const Fault& fault) {
  return fault.verdict == proof::Verdict::delivered || fault.verdict == proof::Verdict::doubt_seen;
}

constexpr std::array<FaultWord, kFaultWords> kWords = {{
    {"lost", "lost", "lost", counted<proof::Verdict::lost>, judged<proof::Verdict::lost>,
     Evidence::decided},
    {"duplicated", "duplicated", "duplicated",
     [](const ProofCounts& counts) { return counts.duplicated; },
     [](const Fault& fault) { return arrived(fault) && fault.surplus > 0; }, Evidence::arrived},
    {"altered", "altered", "altered", [](const ProofCounts& counts) { return counts.altered; },
     [](const Fault& fault) { return arrived(fault) && proof::is_altered(fault.comparison); },
     Evidence::arrived},
    {"late", "late", "late", [](const ProofCounts& counts) { return counts.late; },
     [](const Fault& fault) { return arrived(fault) && fault.late; }, Evidence::arrived},
    {"bounced", "bounced", "bounced", counted<proof::Verdict::bounced>,
     judged<proof::Verdict::bounced>, Evidence::answered},
    {"undecided", "undecided", "undecided", counted<proof::Verdict::undecided>,
     judged<proof::Verdict::undecided>, Evidence::accepted},
    {"in-doubt", "in doubt", "in_doubt",
     [](const ProofCounts& counts) {
       return counts.of(proof::Verdict::doubt_seen) + counts.of(proof::Verdict::doubt_unseen);
     },
     [](const Fault& fault) {
       return fault.verdict == proof::Verdict::doubt_seen ||
              fault.verdict == proof::Verdict::doubt_unseen;
     },
     Evidence::sent},
    {"unexpected", "unexpected", "unexpected", counted<proof::Verdict::unexpected>,
     judged<proof::Verdict::unexpected>, Evidence::sent},
    {"refused", "refused", "refused", counted<proof::Verdict::refused>, nullptr, Evidence::sent},
    {"never-sent", "never sent", "never_sent", counted<proof::Verdict::never_sent>, nullptr,
     Evidence::sent},
}};

}  // namespace

const std::array<FaultWord, kFaultWords>& fault_words() { return kWords; }

std::string_view comparison_name(proof::TakenVerdict comparison) {
  switch (comparison) {
    case proof::TakenVerdict::unstamped:
      return "unstamped";
    case proof::TakenVerdict::malformed:
      return "malformed";
    case proof::TakenVerdict::forged:
      return "forged";
    default:
      return proof::change_name(static_cast<proof::Change>(comparison));
  }
}

std::string utc_time(proof::Micros since_1970) {
  if (since_1970.count() == 0) return {};
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_1970);
  return fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(whole.count())),
                     (since_1970 - whole).count());
}

void FirstFaults::add(const Fault& fault) {
  if (kept_.at(fault.sort)++ < kMost) faults_.push_back(fault);
}

std::vector<Fault> FirstFaults::take() {
  const auto worst = [](const Fault& fault) {
    return std::find_if(kWords.begin(), kWords.end(), [&fault](const FaultWord& one) {
      return one.is != nullptr && one.is(fault);
    });
  };
  std::stable_sort(faults_.begin(), faults_.end(),
                   [&](const Fault& one, const Fault& other) { return worst(one) < worst(other); });
  return std::move(faults_);
}

}  // namespace millrace::report
