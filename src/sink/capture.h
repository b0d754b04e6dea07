#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "sink/append_log.h"
#include "sink/content_decoder.h"
#include "sink/options.h"
#include "sink/spool.h"
#include "smtp/server_observer.h"

namespace millrace::sink {

// What a capture says of the session ahead of each message.
struct CapturedSession {
  std::string client_address;  // "127.0.0.1", "ipv6:::1" or "local"
  std::string_view protocol = "SMTP";
  std::string helo;  // empty: none was given
  // What else XCLIENT gave; empty: nothing.
  std::string client_name;
  std::string client_port;
  std::string client_login;
};

// Writes one session's messages to dump files, as they are documented in smtp-sink(1).
class Capture {
 public:
  // `host_name`: the sink's own. `log`: for Mode::append, else null. All must outlive this.
  Capture(const CaptureOptions& options, std::string_view host_name, AppendLog* log)
      : options_(options), host_name_(host_name), log_(log) {}

  // The steps of a transaction. `arguments`: all that followed MAIL or RCPT. All of it goes to the
  // spool as it comes: a client cannot make this grow.
  void mail(std::string_view arguments, std::time_t now, const CapturedSession& session);
  void recipient(std::string_view arguments);
  void content(std::string_view bytes, smtp::Form form, const CapturedSession& session);
  void abort();

  // Stores the message. Returns 0, or the errno value of what failed.
  int complete();

  // The file, or the start of its name, that the message goes to.
  [[nodiscard]] const std::string& destination() const { return spool_.destination(); }
  // Bytes of memory that its buffers hold.
  [[nodiscard]] std::size_t storage() const { return text_.capacity() + spool_.storage(); }

 private:
  // Each of the lines ahead of the content is written by this, whatever a client put into it.
  void append_line(std::string_view name, std::string_view value);
  void append_if_given(std::string_view name, std::string_view value);
  void write_trace(const CapturedSession& session);

  const CaptureOptions& options_;
  std::string_view host_name_;
  AppendLog* log_;
  std::time_t time_ = 0;
  bool trace_written_ = false;
  ContentDecoder decoder_;
  std::string text_;
  Spool spool_;
};

}  // namespace millrace::sink
