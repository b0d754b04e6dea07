#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::mail {

// Text in header fields that is more than ASCII.

// Puts `text`, in UTF-8, to the end of a header field as encoded words in Base64 (RFC 2047), and
// folds the field so that no line from here on has more than 76 characters. CR and LF are left
// out: that unfolds what was folded. Allocates nothing once `field` has room.
void append_encoded_words(std::string_view text, std::string& field);

// The same for a phrase, as a display name is one (RFC 5322, 3.2.5): as it is where it is words of
// ASCII, in quotes where it has other ASCII.
enum class PhraseForm : unsigned char { words, quoted, encoded };
PhraseForm form_of_phrase(std::string_view text);
void append_quoted(std::string_view text, std::string& field);

}  // namespace millrace::mail
