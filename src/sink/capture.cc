#include "sink/capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/calendar.h"

namespace millrace::sink {
namespace {

// What follows "FROM:" or "TO:" and blanks; all of it when the colon is missing.
std::string path_argument(std::string_view arguments) {
  const std::size_t colon = arguments.find(':');
  if (colon != std::string_view::npos) arguments.remove_prefix(colon + 1);
  arguments.remove_prefix(std::min(arguments.find_first_not_of(" \t"), arguments.size()));
  return std::string(arguments);
}

std::uint32_t random_id() {
  thread_local std::mt19937 random{std::random_device{}()};
  return static_cast<std::uint32_t>(random());
}

}  // namespace

void Capture::mail(std::string_view arguments, std::time_t now) {
  time_ = now;
  mail_arguments_ = path_argument(arguments);
  recipient_arguments_.clear();
  head_written_ = false;
  decoder_.reset();
  spool_.begin(format_local_time(options_.name_template, now));
}

void Capture::recipient(std::string_view arguments) {
  recipient_arguments_.push_back(path_argument(arguments));
}

void Capture::content(std::string_view bytes, const CapturedSession& session) {
  if (!head_written_) write_head(session);
  text_.clear();
  decoder_.decode(bytes, text_);
  spool_.append(text_);
}

void Capture::abort() { spool_.discard(); }

int Capture::complete() {
  if (log_ != nullptr) {
    spool_.commit_to_end(*log_);
  } else {
    spool_.commit_as_file();
  }
  return spool_.error();
}

void Capture::write_head(const CapturedSession& session) {
  head_written_ = true;
  std::string head = options_.start_string;
  const auto to = std::back_inserter(head);
  fmt::format_to(to, "X-Client-Addr: {}\nX-Client-Proto: {}\n", session.client_address,
                 session.protocol);
  if (!session.helo.empty()) fmt::format_to(to, "X-Helo-Args: {}\n", session.helo);
  fmt::format_to(to, "X-Mail-Args: {}\n", mail_arguments_);
  for (const std::string& recipient : recipient_arguments_) {
    fmt::format_to(to, "X-Rcpt-Args: {}\n", recipient);
  }
  const std::string from = session.helo.empty() ? "[" + session.client_address + "]" : session.helo;
  fmt::format_to(to, "Received: from {} ([{}])\n\tby {} (smtp-sink) with {} id {:08x};\n\t{}\n",
                 from, session.client_address, host_name_, session.protocol, random_id(),
                 mail_date(time_));
  spool_.append(head);
}

}  // namespace millrace::sink
