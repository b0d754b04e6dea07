#include "mail/corpus/corpus_kind.h"

namespace millrace::mail {

void CorpusKind::make(const MessageFacts& facts, Content& content) const {
  Roll roll = facts.roll;
  // Of 2^64 numbers, so that no message is more likely than others by what could be seen.
  const Corpus::Message message = corpus_.message(roll() % corpus_.size());
  if (corpus_.form() == CorpusForm::fresh) {
    std::string& header = content.own();
    header.append("Message-ID: ").append(facts.message_id);
    header.append("\r\nDate: ").append(facts.date);
    header.append("\r\nTo: <").append(facts.recipient).append(">\r\n");
    header.append(facts.extra_headers);
  }
  content.share(message.text, message.traits);
}

}  // namespace millrace::mail
