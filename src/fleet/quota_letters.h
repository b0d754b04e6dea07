#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fleet/post.h"
#include "threads/quota_share.h"

namespace millrace::fleet {

// What a letter says of a quota.
struct QuotaWord {
  std::size_t quota = 0;  // which one
  std::uint64_t number = 0;

  bool operator==(const QuotaWord&) const = default;
};
Letter quota_letter(Subject subject, QuotaWord word);
// Nothing of a text that says none.
std::optional<QuotaWord> quota_word(const Letter& letter);

// The shares of this process in quotas, by their numbers.
using QuotaShares = std::vector<threads::QuotaShare*>;

// What they have to ask rank 0 for.
std::vector<Letter> quota_asks(const QuotaShares& shares);
// Does what rank 0 says of one of them; what it is told in return. Nothing where it says nothing of
// quotas.
std::optional<Letter> obey(const QuotaShares& shares, const Letter& letter);

}  // namespace millrace::fleet
