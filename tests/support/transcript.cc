#include "transcript.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace millrace::test {
namespace {

// The words of a command line; double quotes keep blanks, or nothing, together.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != std::string::npos;) {
    const bool quoted = line[at] == '"';
    const std::size_t start = quoted ? at + 1 : at;
    const std::size_t end = std::min(line.find(quoted ? '"' : ' ', start), line.size());
    found.push_back(line.substr(start, end - start));
    at = quoted ? end + 1 : end;
  }
  return found;
}

std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    switch (text.at(++i)) {
      case 'r':
        plain += '\r';
        break;
      case 'n':
        plain += '\n';
        break;
      case 't':
        plain += '\t';
        break;
      case '0':
        plain += '\0';
        break;
      case 'x':
        plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      case 'c':
        return plain;
      default:
        plain += text[i];
    }
  }
  return plain + "\r\n";
}

Transcript load(const std::filesystem::path& path) {
  std::ifstream file(path);
  Transcript transcript;
  transcript.name = path.stem();
  std::string line;
  std::getline(file, line);
  transcript.arguments = words(line);
  while (std::getline(file, line)) {
    if (line.starts_with("#")) continue;
    if (line == "= closed") {
      transcript.closed = true;
      continue;
    }
    if (line.starts_with("R: ")) {
      transcript.rules += line.substr(3) + "\n";
      continue;
    }
    if (line == "= tls") continue;  // the protocol core is told at once
    if (!line.starts_with("C: ") && !line.starts_with("S: ")) {
      throw std::runtime_error(path.string() + ": bad line: " + line);
    }
    const auto speaker = line[0] == 'C' ? Transcript::Speaker::client : Transcript::Speaker::server;
    if (transcript.turns.empty() || transcript.turns.back().speaker != speaker) {
      transcript.turns.push_back({speaker, {}});
    }
    transcript.turns.back().bytes += unescape(line.substr(3));
  }
  return transcript;
}

}  // namespace

std::string Transcript::all_of(Speaker speaker) const {
  std::string all;
  for (const Turn& turn : turns) {
    if (turn.speaker == speaker) all += turn.bytes;
  }
  return all;
}

std::vector<Transcript> load_transcripts(const std::string& folder) {
  std::vector<Transcript> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(MILLRACE_TRANSCRIPTS) / folder)) {
    found.push_back(load(entry.path()));
  }
  std::sort(found.begin(), found.end(),
            [](const Transcript& a, const Transcript& b) { return a.name < b.name; });
  return found;
}

bool matches(const std::string& pattern, const std::string& text) {
  std::size_t at = 0;
  std::size_t start = 0;
  for (;;) {
    const std::size_t star = pattern.find('*', start);
    const std::string part = pattern.substr(start, star - start);
    const std::size_t found =
        start == 0 ? (text.starts_with(part) ? 0 : std::string::npos) : text.find(part, at);
    if (found == std::string::npos) return false;
    if (text.substr(at, found - at).find('\n') != std::string::npos) return false;
    at = found + part.size();
    if (star == std::string::npos) {
      const bool open_end = start > 0 && part.empty();  // the pattern ends in '*'
      return at == text.size() || (open_end && text.find('\n', at) == std::string::npos);
    }
    start = star + 1;
  }
}

}  // namespace millrace::test
