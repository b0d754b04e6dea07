#include "source/log_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/printable.h"
#include "source/log_record.h"
#include "source/queue_id.h"

namespace millrace::source {
namespace {

// Text of others, on one line: lines of a reply are joined as they are wherever one is shown.
// `quote`: what stands before a quotation mark, `escape`: before a backslash.
void append_printable(std::string_view others, std::string_view quote, std::string_view escape,
                      std::string& text) {
  const auto plain = [](char byte) {
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
  };
  if (std::all_of(others.begin(), others.end(), plain)) {
    text.append(others);
    return;
  }
  std::string one_line(others);
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  for (const char byte : printable(one_line, Charset::utf8)) {
    if (byte == '"') text.append(quote);
    if (byte == '\\') text.append(escape);
    text += byte;
  }
}

// The text of a reply, or its code where that alone was kept.
std::string_view shown(const LogRecord::Reply& reply, std::array<char, 20>& room) {
  if (!reply.text.empty() || reply.code == 0) return reply.text;
  return {room.data(), std::to_chars(room.data(), room.data() + room.size(), reply.code).ptr};
}

// The fields of a line, as one form writes them.
class JsonFields {
 public:
  explicit JsonFields(std::string& text) : text_(text) {}

  void number(std::string_view key, std::uint64_t number) {
    begin(key);
    append_decimal(number, text_);
  }
  // `text` needs no escape.
  void word(std::string_view key, std::string_view text) {
    begin(key);
    text_.append("\"").append(text).append("\"");
  }
  void text(std::string_view key, std::string_view text) {
    begin(key);
    quoted(text);
  }
  void moment(std::string_view key, TimePoint moment, UtcText& utc) {
    begin(key);
    text_ += '"';
    utc.append(moment, text_);
    text_ += '"';
  }
  void recipients(std::string_view key, LogRecord& record) {
    begin(key);
    text_ += '[';
    std::array<char, 20> room;
    for (std::size_t place = 0; place < record.header().recipients; ++place) {
      const LogRecord::Recipient recipient = record.next_recipient();
      text_.append(place == 0 ? "{\"to\":" : ",{\"to\":");
      quoted(recipient.address);
      text_.append(",\"fate\":\"").append(source::name(recipient.fate)).append("\",\"reply\":");
      quoted(shown(recipient.reply, room));
      text_ += '}';
    }
    text_ += ']';
  }
  void end() { text_.append("}\n"); }

 private:
  void begin(std::string_view key) {
    const std::size_t place = text_.size();
    text_.append(key);
    if (first_) text_[place] = '{';
    first_ = false;
  }
  void quoted(std::string_view text) {
    text_ += '"';
    append_printable(text, "\\", "\\", text_);
    text_ += '"';
  }

  std::string& text_;
  bool first_ = true;
};

// A quotation mark within quotation marks is doubled (RFC 4180, 2).
class CsvFields {
 public:
  explicit CsvFields(std::string& text) : text_(text) {}

  void number(std::string_view /*key*/, std::uint64_t number) {
    begin();
    append_decimal(number, text_);
  }
  void word(std::string_view /*key*/, std::string_view text) {
    begin();
    text_.append(text);
  }
  void text(std::string_view /*key*/, std::string_view text) {
    begin();
    text_ += '"';
    append_printable(text, "\"", "", text_);
    text_ += '"';
  }
  void moment(std::string_view /*key*/, TimePoint moment, UtcText& utc) {
    begin();
    utc.append(moment, text_);
  }
  void recipients(std::string_view /*key*/, LogRecord& record) {
    begin();
    text_ += '"';
    std::array<char, 20> room;
    for (std::size_t place = 0; place < record.header().recipients; ++place) {
      const LogRecord::Recipient recipient = record.next_recipient();
      if (place > 0) text_.append("; ");
      append_printable(recipient.address, "\"", "", text_);
      text_.append(" ").append(source::name(recipient.fate)).append(" ");
      append_printable(shown(recipient.reply, room), "\"", "", text_);
    }
    text_ += '"';
  }
  void end() { text_ += '\n'; }

 private:
  void begin() {
    if (!first_) text_ += ',';
    first_ = false;
  }

  std::string& text_;
  bool first_ = true;
};

// The queue ids of all transactions that took the message.
std::string queue_ids(LogRecord& record) {
  std::string ids;
  const auto add = [&](std::string_view reply) {
    const std::string_view id = queue_id(reply);
    if (!id.empty()) ids.append(ids.empty() ? "" : " ").append(id);
  };
  for (std::size_t place = 0; place < record.header().others; ++place) {
    add(record.next_other().text);
  }
  if (record.reply().code / 100 == 2) add(record.reply().text);
  return ids;
}

// The fields in their order, as JSON has them ahead of a value.
constexpr auto kKeys = std::to_array<std::string_view>(
    {R"(,"number":)", R"(,"kind":)", R"(,"attempt":)", R"(,"due":)", R"(,"begun":)", R"(,"ended":)",
     R"(,"session":)", R"(,"from":)", R"(,"recipients":)", R"(,"outcome":)", R"(,"reply":)",
     R"(,"queue_id":)", R"(,"bytes":)", R"(,"tls":)"});

// Of such a key: without what is around it.
constexpr std::string_view name_of(std::string_view key) { return key.substr(2, key.size() - 4); }

template <typename Fields>
void append_line(LogRecord& record, UtcText& utc, Fields fields) {
  const LogRecord::Header& header = record.header();
  std::array<char, 20> room;
  const std::string ids = queue_ids(record);
  const auto* key = kKeys.data();
  fields.number(*key++, header.message);
  fields.text(*key++, header.kind);
  fields.number(*key++, header.attempt);
  fields.moment(*key++, header.intended, utc);
  fields.moment(*key++, header.begun, utc);
  fields.moment(*key++, header.ended, utc);
  fields.number(*key++, header.session + 1);
  fields.text(*key++, record.sender());
  fields.recipients(*key++, record);
  fields.word(*key++, source::name(header.outcome));
  fields.text(*key++, shown(record.reply(), room));
  fields.text(*key++, ids);
  fields.number(*key++, header.bytes);
  fields.word(*key++, header.tls_version);
  fields.end();
}

}  // namespace

void UtcText::append(TimePoint moment, std::string& text) {
  const auto since_1970 =
      std::chrono::floor<std::chrono::microseconds>(moment.time_since_epoch() + ahead_);
  const std::int64_t second = since_1970.count() / 1'000'000;
  if (second != second_) {
    second_text_ = utc_seconds(second) + '.';
    second_ = second;
  }
  std::array<char, 7> rest{'0', '0', '0', '0', '0', '0', 'Z'};
  auto digits = static_cast<unsigned>(since_1970.count() % 1'000'000);
  for (std::size_t place = 6; place-- > 0; digits /= 10) {
    rest[place] = static_cast<char>('0' + digits % 10);
  }
  text.append(second_text_).append(rest.data(), rest.size());
}

void LogLines::append_head(std::string& text) {
  if (form_ == LogForm::json) return;
  for (const auto& key : kKeys) {
    text.append(&key == kKeys.data() ? "" : ",").append(name_of(key));
  }
  text += '\n';
}

void LogLines::append(std::string_view record, std::string& text) {
  LogRecord packed(record);
  if (form_ == LogForm::json) {
    append_line(packed, utc_, JsonFields(text));
  } else {
    append_line(packed, utc_, CsvFields(text));
  }
}

// In CSV it has as many fields as the others: a word, the two numbers, and nothing.
void LogLines::append_end(std::uint64_t lines, std::uint64_t dropped, std::string& text) const {
  if (form_ == LogForm::json) {
    text.append(fmt::format("{{\"lines\":{},\"dropped\":{}}}\n", lines, dropped));
  } else {
    text.append(fmt::format("end,{},{}{}\n", lines, dropped, std::string(kKeys.size() - 3, ',')));
  }
}

}  // namespace millrace::source
