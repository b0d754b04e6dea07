#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "smtp/message_source.h"

namespace millrace::mail {

// What is sent in a run, shared by all threads and unchanged while it lasts: message n is a
// function of it and of n.
class Workload {
 public:
  virtual ~Workload() = default;

  // Its messages, as one session asks for them. The workload outlasts them.
  [[nodiscard]] virtual std::unique_ptr<smtp::MessageSource> messages() const = 0;

  // Who the message is from (nothing: the null reverse-path) and for, without angle brackets, put
  // to the end of `text`.
  virtual void append_sender(std::uint64_t message, std::string& text) const = 0;
  virtual void append_recipient(std::uint64_t message, std::size_t recipient,
                                std::string& text) const = 0;

  // What its messages may differ in: whether they are of several kinds, to several domains, from
  // several senders.
  struct Variety {
    bool kinds = false;
    bool domains = false;
    bool senders = false;
  };
  [[nodiscard]] virtual Variety variety() const { return {}; }

  // The name of the message's kind; empty where there are no kinds. It lasts as long as the
  // workload.
  [[nodiscard]] virtual std::string_view kind_name(std::uint64_t /*message*/) const { return {}; }
};

}  // namespace millrace::mail
