#include "source/log_record.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "smtp/path.h"

namespace millrace::source {
namespace {

template <typename Value>
void put(const Value& value, Output& record) {
  static_assert(std::is_trivially_copyable_v<Value>);
  record.append({reinterpret_cast<const char*>(&value), sizeof value});
}

void put_text(std::string_view text, Output& record) {
  put(text.size(), record);
  record.append(text);
}

void put_reply(const Delivery& delivery, const Delivery::KeptReply& reply, Output& record) {
  put(reply.code, record);
  put_text(delivery.text(reply), record);
}

// A command as its source appends it, with its length ahead.
template <typename Append>
void put_command(const Append& append, Output& record) {
  const std::size_t place = record.text().size();
  put(std::size_t{0}, record);
  append(record);
  const std::size_t length = record.text().size() - place - sizeof length;
  std::memcpy(record.text().data() + place, &length, sizeof length);
}

// The address of "MAIL FROM:<a@b>\r\n".
std::string_view address_of(std::string_view command) {
  return smtp::address_in(command.substr(std::min(command.find(' ') + 1, command.size())));
}

bool same(const Delivery::KeptReply& one, const Delivery::KeptReply& other) {
  return one.begin == other.begin && one.length == other.length && one.code == other.code;
}

}  // namespace

void pack(const Delivery& delivery, const smtp::MessageSource& messages, TimePoint ended,
          Output& record) {
  const Delivery::KeptReply reply = delivery.reply();
  const auto other = [&](const Delivery::KeptReply& end) {
    return end.positive() && !same(end, reply);
  };
  put(LogRecord::Header{.message = delivery.message,
                        .session = delivery.session,
                        .bytes = delivery.bytes,
                        .intended = delivery.intended,
                        .begun = delivery.begun,
                        .ended = ended,
                        .kind = delivery.kind,
                        .tls_version = delivery.tls_version,
                        .recipients = delivery.recipients.size(),
                        .others = static_cast<std::size_t>(
                            std::count_if(delivery.ends.begin(), delivery.ends.end(), other)),
                        .attempt = delivery.attempt,
                        .outcome = delivery.outcome()},
      record);
  put_command([&](Output& out) { messages.append_mail(delivery.message, {}, out); }, record);
  put_reply(delivery, reply, record);
  for (const Delivery::KeptReply& end : delivery.ends) {
    if (other(end)) put_reply(delivery, end, record);
  }
  Delivery::KeptReply last;
  for (std::size_t place = 0; place < delivery.recipients.size(); ++place) {
    const Delivery::Recipient& recipient = delivery.recipients[place];
    const bool repeated = same(recipient.reply, last);
    put(recipient.fate, record);
    put(repeated, record);
    if (!repeated) put_reply(delivery, recipient.reply, record);
    last = recipient.reply;
    put_command([&](Output& out) { messages.append_rcpt(delivery.message, place, {}, out); },
                record);
  }
}

LogRecord::LogRecord(std::string_view record)
    : rest_(record),
      header_(take<Header>()),
      sender_(address_of(take_text())),
      reply_(take_reply()) {}

LogRecord::Recipient LogRecord::next_recipient() {
  const Fate fate = take<Fate>();
  if (!take<bool>()) last_ = take_reply();
  return {.fate = fate, .reply = last_, .address = address_of(take_text())};
}

template <typename Value>
Value LogRecord::take() {
  Value value;
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

std::string_view LogRecord::take_text() {
  const auto length = take<std::size_t>();
  const std::string_view text = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return text;
}

LogRecord::Reply LogRecord::take_reply() {
  const int code = take<std::uint16_t>();
  return {.code = code, .text = take_text()};
}

}  // namespace millrace::source
