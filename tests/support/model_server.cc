#include "model_server.h"

#include <algorithm>
#include <cstdlib>

namespace millrace::test {
namespace {

using smtp::Verb;

std::uint64_t number_after(std::string_view line, char mark) {
  return std::strtoull(line.data() + line.find(mark) + 1, nullptr, 10);
}

std::string content_of(std::uint64_t message) { return std::to_string(message) + "......\r\n"; }

}  // namespace

void NumberedMessages::append_xforward(std::uint64_t, Output& out) const {
  out.append("XFORWARD NAME=x\r\n");
}

void NumberedMessages::append_mail(std::uint64_t message, smtp::ExtensionSet, Output& out) const {
  out.append("MAIL FROM:<" + std::to_string(message) + "@x>\r\n");
}

void NumberedMessages::append_rcpt(std::uint64_t message, std::size_t recipient, smtp::ExtensionSet,
                                   Output& out) const {
  out.append("RCPT TO:<" + std::to_string(recipient) + "@" + std::to_string(message) + ">\r\n");
}

void NumberedMessages::append_content(std::uint64_t message, Output& out) const {
  out.append(content_of(message) + ".\r\n");
}

std::uint64_t NumberedMessages::content_size(std::uint64_t message) const {
  return content_of(message).size();
}

void NumberedMessages::append_chunk(std::uint64_t message, std::uint64_t offset,
                                    std::uint64_t length, Output& out) const {
  out.append(content_of(message).substr(offset, length));
}

void ModelServer::read(std::string_view bytes) {
  unread_.append(bytes);
  for (;;) {
    const std::size_t line_end = unread_.find("\r\n");
    if (line_end == std::string::npos) return;
    const std::size_t end = line_end + 2;
    const std::string line = unread_.substr(0, end);
    const bool chunk = !in_data_ && line.starts_with("BDAT");
    if (chunk && unread_.size() - end < number_after(line, ' ')) return;  // the rest is to come
    unread_.erase(0, end);
    take_line(line);
  }
}

void ModelServer::take_line(std::string_view line) {
  if (in_data_) {
    if (line != ".\r\n") {
      content_.append(line);
      return;
    }
    in_data_ = false;
    return deliver(Verb::end_of_data);
  }
  if (line.starts_with("MAIL")) return mail(line);
  if (line.starts_with("RCPT")) return rcpt(line);
  if (line.starts_with("DATA")) return data();
  if (line.starts_with("BDAT")) {
    const std::string content = unread_.substr(0, number_after(line, ' '));
    unread_.erase(0, content.size());
    return chunk(content, line.find("LAST") != std::string_view::npos);
  }
  if (line.starts_with("RSET")) close();
  answer(line.starts_with("RSET") ? Verb::rset : Verb::xforward, 250);
}

void ModelServer::mail(std::string_view line) {
  ++mails;
  last_mail = number_after(line, '<');
  if (state_ != State::idle && state_ != State::refused) return answer(Verb::mail, 503);
  close();
  if (refuses_()) {
    state_ = State::refused;
    refused_senders.insert(last_mail);
    return answer(Verb::mail, 550);
  }
  state_ = State::open;
  answer(Verb::mail, 250);
}

void ModelServer::rcpt(std::string_view line) {
  const Recipient recipient{number_after(line, '@'), number_after(line, '<')};
  if (state_ == State::refused) refused.insert(recipient);
  if (state_ == State::answered) return answer(Verb::rcpt, 250);  // and nobody cares
  if (state_ != State::open) return answer(Verb::rcpt, 503);
  if (refuses_()) {
    refused.insert(recipient);
    return answer(Verb::rcpt, 550);
  }
  accepted_.push_back(recipient);
  answer(Verb::rcpt, 250);
}

void ModelServer::data() {
  if (state_ != State::open) return answer(Verb::data, 503);
  if (accepted_.empty() && !habits_.content_for_nobody) return answer(Verb::data, 554);
  if (!accepted_.empty() && refuses_()) {
    refuse_all();
    return answer(Verb::data, 451);
  }
  in_data_ = true;
  answer(Verb::data, 354);
}

void ModelServer::chunk(std::string_view content, bool last) {
  if (state_ != State::open || accepted_.empty()) {
    const int code = state_ == State::spoilt ? habits_.spoilt_code : 503;
    if (last && state_ == State::open) {  // nobody to deliver it to
      if (habits_.hollow == ServerHabits::Hollow::closed) close();
      if (habits_.hollow == ServerHabits::Hollow::answered) state_ = State::answered;
    } else if (last && state_ == State::spoilt && habits_.spoilt_ends_at_last) {
      close();
    }
    return answer(Verb::bdat, code);
  }
  content_.append(content);
  if (last) return deliver(Verb::bdat);
  if (!refuses_()) return answer(Verb::bdat, 250);
  refuse_all();
  state_ = State::spoilt;
  answer(Verb::bdat, 552);
}

// The end of a message: one answer, or one a recipient.
void ModelServer::deliver(Verb verb) {
  const std::size_t count = habits_.lmtp ? accepted_.size() : accepted_.empty() ? 0 : 1;
  bool taken = false;
  if (count == 0) {
    if (!content_.empty()) strays.insert(last_mail);
    answer(verb, 250);
  }
  for (std::size_t place = 0; place < count; ++place) {
    const std::vector<Recipient> those =
        habits_.lmtp ? std::vector<Recipient>{accepted_[place]} : accepted_;
    const bool no = refuses_();
    answer(verb, no ? 452 : 250);
    taken |= !no;
    for (const Recipient& recipient : those) {
      if (no) {
        refused.insert(recipient);
        continue;
      }
      ++deliveries[recipient];
      if (content_ != content_of(recipient.first)) strays.insert(recipient.first);
    }
  }
  const bool stays = verb == Verb::bdat && !taken && !habits_.refused_end_closes;
  close();
  if (stays) state_ = State::answered;
}

void ModelServer::refuse_all() { refused.insert(accepted_.begin(), accepted_.end()); }

void ModelServer::close() {
  state_ = State::idle;
  accepted_.clear();
  content_.clear();
}

}  // namespace millrace::test
