#include "sink/capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/calendar.h"

namespace millrace::sink {
namespace {

// A command's arguments may hold a bare CR or LF: in a dump they would begin a line of their own.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char byte) { return byte == '\r' || byte == '\n'; }, '?');
  return line;
}

// What follows "FROM:" or "TO:" and blanks; all of it when the colon is missing.
std::string path_argument(std::string_view arguments) {
  const std::size_t colon = arguments.find(':');
  if (colon != std::string_view::npos) arguments.remove_prefix(colon + 1);
  arguments.remove_prefix(std::min(arguments.find_first_not_of(" \t"), arguments.size()));
  return one_line(arguments);
}

std::uint32_t random_id() {
  thread_local std::mt19937 random{std::random_device{}()};
  return static_cast<std::uint32_t>(random());
}

}  // namespace

void Capture::mail(std::string_view arguments, std::time_t now, const CapturedSession& session) {
  time_ = now;
  trace_written_ = false;
  decoder_.reset();
  spool_.begin(format_local_time(options_.name_template, now));
  spool_.append(options_.start_string);
  spool_.append(fmt::format("X-Client-Addr: {}\nX-Client-Proto: {}\n", session.client_address,
                            session.protocol));
  append_if_given("X-Client-Name", session.client_name);
  append_if_given("X-Client-Port", session.client_port);
  append_if_given("X-Client-Login", session.client_login);
  append_if_given("X-Helo-Args", session.helo);
  spool_.append(fmt::format("X-Mail-Args: {}\n", path_argument(arguments)));
}

void Capture::append_if_given(std::string_view name, std::string_view value) {
  if (!value.empty()) spool_.append(fmt::format("{}: {}\n", name, one_line(value)));
}

void Capture::recipient(std::string_view arguments) {
  spool_.append(fmt::format("X-Rcpt-Args: {}\n", path_argument(arguments)));
}

void Capture::content(std::string_view bytes, smtp::Form form, const CapturedSession& session) {
  if (!trace_written_) write_trace(session);
  text_.clear();
  decoder_.decode(bytes, form, text_);
  spool_.append(text_);
}

void Capture::abort() { spool_.discard(); }

int Capture::complete() {
  text_.clear();
  decoder_.finish(text_);
  spool_.append(text_);
  if (log_ != nullptr) {
    spool_.commit_to_end(*log_);
  } else {
    spool_.commit_as_file();
  }
  return spool_.error();
}

// The Received header (RFC 5321, 4.4), which follows all recipients.
void Capture::write_trace(const CapturedSession& session) {
  trace_written_ = true;
  const std::string from =
      session.helo.empty() ? "[" + session.client_address + "]" : one_line(session.helo);
  spool_.append(fmt::format(
      "Received: from {} ([{}])\n\tby {} (smtp-sink) with {} id {:08x};\n\t{}\n", from,
      session.client_address, host_name_, session.protocol, random_id(), mail_date(time_)));
}

}  // namespace millrace::sink
