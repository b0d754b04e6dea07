#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace millrace::test {

// A dialogue from tests/transcripts/ (see its README).
struct Transcript {
  enum class Speaker { client, server };
  // What one side sends before the other one speaks.
  struct Turn {
    Speaker speaker;
    std::string bytes;
  };

  std::string name;
  std::vector<std::string> arguments;  // of the program, its name first
  std::string rules;                   // of smtp-sink, as a file has them
  std::vector<Turn> turns;
  bool closed = false;  // by the server, at the end

  // All that one side sends.
  [[nodiscard]] std::string all_of(Speaker speaker) const;
};

// How a test's name shows it.
inline void PrintTo(const Transcript& transcript, std::ostream* out) { *out << transcript.name; }

// The transcripts of a folder ("server" or "client"), by name.
std::vector<Transcript> load_transcripts(const std::string& folder);

// Whether `text` is `pattern`, in which '*' stands for anything within a line.
bool matches(const std::string& pattern, const std::string& text);

}  // namespace millrace::test
