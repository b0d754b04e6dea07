#include "sink/capture.h"

#include <fmt/format.h>

#include <random>

#include "base/calendar.h"
#include "base/storage.h"
#include "sink/one_line.h"
#include "smtp/path.h"

namespace millrace::sink {
namespace {

std::uint32_t random_id() {
  thread_local std::mt19937 random{std::random_device{}()};
  return static_cast<std::uint32_t>(random());
}

}  // namespace

void Capture::mail(std::string_view arguments, std::time_t now, const CapturedSession& session) {
  time_ = now;
  trace_written_ = false;
  decoder_.reset();
  spool_.begin(format_local_time(options_.name_template, now), options_.largest);
  spool_.append(options_.start_string);
  append_line("X-Client-Addr", session.client_address);
  append_line("X-Client-Proto", session.protocol);
  append_if_given("X-Client-Name", session.client_name);
  append_if_given("X-Client-Port", session.client_port);
  append_if_given("X-Client-Login", session.client_login);
  append_if_given("X-Helo-Args", session.helo);
  append_line("X-Mail-Args", smtp::behind_colon(arguments));
}

void Capture::append_line(std::string_view name, std::string_view value) {
  spool_.append(fmt::format("{}: {}\n", name, one_line(value)));
}

void Capture::append_if_given(std::string_view name, std::string_view value) {
  if (!value.empty()) append_line(name, value);
}

void Capture::recipient(std::string_view arguments) {
  append_line("X-Rcpt-Args", smtp::behind_colon(arguments));
}

void Capture::content(std::string_view bytes, smtp::Form form, const CapturedSession& session) {
  if (!trace_written_) write_trace(session);
  text_.clear();
  decoder_.decode(bytes, form, text_);
  spool_.append(text_);
  recycle(text_);
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
  const std::string address = one_line(session.client_address);
  const std::string from =
      session.helo.empty() ? fmt::format("[{}]", address) : one_line(session.helo);
  spool_.append(
      fmt::format("Received: from {} ([{}])\n\tby {} (smtp-sink) with {} id {:08x};\n\t{}\n", from,
                  address, host_name_, session.protocol, random_id(), mail_date(time_)));
}

}  // namespace millrace::sink
