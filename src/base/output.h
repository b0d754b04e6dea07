// base/ is the vocabulary that every other folder shares: output, errors, messages to the
// person at the terminal. It knows nothing of SMTP, of sockets or of options.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Bytes on their way to a peer, in order. Short text is copied in; a message body is only
// borrowed, so that a thousand sessions send the same megabyte from one place.
//
// What was consumed goes from the front a piece at a time: a queue that is never quite empty
// holds no more than twice what is left in it, and an append, a gather and a consume cost the
// same however much went through before.
class Output {
 public:
  // Copies `text` to the end.
  void append(std::string_view text) { text_.append(text); }

  // Places `body` at the end without a copy. It must stay valid until it is consumed.
  void append_borrowed(std::string_view body);

  // The storage that append() fills: for composing text in place (fmt, std::to_chars). Only its
  // end may change, and positions in it hold until the next consume().
  std::string& text() { return text_; }

  // The number of bytes not yet consumed.
  [[nodiscard]] std::size_t size() const { return text_.size() - text_begin_ + borrowed_size_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // The unconsumed bytes as consecutive pieces: fills at most `capacity` entries of `pieces`
  // and returns how many. Valid until the next change of this object.
  std::size_t gather(std::string_view* pieces, std::size_t capacity) const;

  // Whether a piece that gather() gave was copied in; else it is borrowed.
  [[nodiscard]] bool is_copied(std::string_view piece) const {
    const std::less<> before;
    return !before(piece.data(), text_.data()) && before(piece.data(), text_.data() + text_.size());
  }

  // Takes the last `bytes` off again, which must not have been consumed.
  void remove_suffix(std::size_t bytes);

  // A copy of all unconsumed bytes, for showing or comparing them.
  [[nodiscard]] std::string flattened() const;

  // Drops the first `bytes` of what is left. Storage is kept for the next use.
  void consume(std::size_t bytes);

  void clear();

  // The memory that this holds, in bytes, bodies not counted.
  [[nodiscard]] std::size_t storage() const {
    return text_.capacity() + bodies_.capacity() * sizeof(Borrowed);
  }

 private:
  struct Borrowed {
    std::size_t text_before;  // how much text, of all since the last clear(), goes out first
    std::string_view body;    // what is left of it
  };

  void compact();

  std::string text_;
  std::vector<Borrowed> bodies_;
  std::size_t text_begin_ = 0;    // where in text_ the unconsumed part begins
  std::size_t text_dropped_ = 0;  // what was in front of text_ since the last clear()
  std::size_t bodies_begin_ = 0;  // where in bodies_ the unconsumed part begins
  std::size_t borrowed_size_ = 0;
};

}  // namespace millrace
