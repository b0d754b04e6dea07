#pragma once

#include <utility>

#include "mail/corpus/corpus.h"
#include "mail/kind.h"

namespace millrace::mail {

// Messages of a corpus, each drawn from all of them evenly. Fresh ones get a Message-ID, Date and
// To of their own and the lines that every message of the run has; others go as they are.
class CorpusKind final : public Kind {
 public:
  explicit CorpusKind(Corpus corpus) : corpus_(std::move(corpus)) {}

  void make(const MessageFacts& facts, Content& content) const override;

 private:
  Corpus corpus_;
};

}  // namespace millrace::mail
