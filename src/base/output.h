// base/ is the vocabulary that every other folder shares: output, errors, messages to the
// person at the terminal. It knows nothing of SMTP, of sockets or of options.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Bytes on their way to a peer, in order. Short text is copied in; a message body is only
// borrowed, so that a thousand sessions send the same megabyte from one place.
class Output {
 public:
  // Copies `text` to the end.
  void append(std::string_view text) { text_.append(text); }

  // Places `body` at the end without a copy. It must stay valid until it is consumed.
  void append_borrowed(std::string_view body);

  // The storage that append() fills: for composing text in place (fmt, std::to_chars).
  std::string& text() { return text_; }

  // The number of bytes not yet consumed.
  [[nodiscard]] std::size_t size() const { return text_.size() + borrowed_size_ - consumed_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // The unconsumed bytes as consecutive pieces: fills at most `capacity` entries of `pieces`
  // and returns how many. Valid until the next change of this object.
  std::size_t gather(std::string_view* pieces, std::size_t capacity) const;

  // A copy of all unconsumed bytes, for showing or comparing them.
  [[nodiscard]] std::string flattened() const;

  // Drops the first `bytes` of what is left. Storage is kept for the next use.
  void consume(std::size_t bytes);

  void clear();

 private:
  struct Borrowed {
    std::size_t text_before;  // how much of text_ goes out ahead of this body
    std::string_view body;
  };

  std::string text_;
  std::vector<Borrowed> borrowed_;
  std::size_t borrowed_size_ = 0;
  std::size_t consumed_ = 0;
};

}  // namespace millrace
