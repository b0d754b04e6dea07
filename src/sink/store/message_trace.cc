#include <fmt/format.h>

#include <ctime>
#include <string>
#include <string_view>

#include "base/calendar.h"
#include "sink/one_line.h"
#include "sink/store/message_forms.h"

namespace millrace::sink {
namespace {

// The date of a header. Many messages of a thread have the same.
const std::string& date_of(std::time_t time) {
  thread_local std::time_t of = -1;
  thread_local std::string text;
  if (of != time) text = mail_date(time);
  of = time;
  return text;
}

void append_address(std::string_view address, std::string& text) {
  const bool literal = address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos;
  const bool version_6 = literal && address.find(':') != std::string_view::npos;
  text.append(version_6 ? "[IPv6:" : "[").append(one_line(address)).append("]");
}

}  // namespace

void append_trace(const KeptMessage& message, std::string_view line_end, std::string& text) {
  const KeptClient& client = message.client;
  text.append("Return-Path: <").append(one_line(message.sender)).append(">").append(line_end);
  for (const std::string& recipient : message.recipients) {
    text.append("X-Original-To: ").append(one_line(recipient)).append(line_end);
  }
  text.append("Received: from ");
  if (client.helo.empty()) {
    append_address(client.address, text);
  } else {
    text.append(one_line(client.helo));
  }
  text.append(" (");
  if (!client.name.empty()) text.append(one_line(client.name)).append(" ");
  append_address(client.address, text);
  const auto time = std::chrono::floor<std::chrono::seconds>(message.time);
  fmt::format_to(std::back_inserter(text), "){0}\tby {1} (smtp-sink) with {2} id {3};{0}\t{4}{0}",
                 line_end, message.host_name, client.protocol, message.id,
                 date_of(time.time_since_epoch().count()));
}

}  // namespace millrace::sink
