#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mail/content.h"
#include "mail/corpus/corpus_form.h"

namespace millrace::mail {

// What is known of a packed message.
struct PackedTraits {
  Content::Traits content;
  bool long_lines = false;  // of more than kLongestLine bytes
};

// Puts a message to the end of `out` in the form that goes out: each line ends in CR LF, for LF or
// CR LF in `stored` and where the last one has no end (a CR elsewhere stays where it is); dots are
// single.
//
// `fresh`: its header section goes without the fields that goes_when_sent_anew() names, folded
// lines and all. The header ends with the first line that is none of a field: where that is no
// empty line, one is put ahead of it, so that the body stays one, whatever fields come first.
//
// `quoted`: it is from an mbox, where each line of '>'s and "From " has one '>' too many (mboxrd).
PackedTraits pack(std::string_view stored, CorpusForm form, bool quoted, std::string& out);

}  // namespace millrace::mail
