#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace millrace::sink {

// One place where messages are kept, and in which form.
struct StoreTarget {
  enum class Form : std::uint8_t {
    maildir,
    mbox,             // with ">From " as mboxrd has it
    eml,              // a file a message, with the line ends that it came with
    jsonl,            // what is known of each message, in a line
    jsonl_with_text,  // and its content
    memory,           // the messages that came last, for who asks over HTTP
  };

  Form form = Form::maildir;
  std::string path;      // of a folder or a file; empty: memory
  std::size_t most = 0;  // messages in memory
};

// What the sink keeps of what it takes (--store).
struct StoreOptions {
  std::vector<StoreTarget> targets;  // no two of one path; none: nothing is kept
  bool sync = false;                 // on the disk before the reply, not only in the file
  // Bytes of a message.
  std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace millrace::sink
