// The routes of messages that are kept in memory.

#include <algorithm>
#include <memory>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "sink/control/api.h"
#include "sink/control/message_json.h"

namespace millrace::sink {
namespace {

constexpr std::uint64_t kUsualLast = 100;
constexpr std::uint64_t kMostLast = 1000;

// Above those of all messages.
constexpr std::uint64_t kNoNumber = std::uint64_t{1} << 53;

// Of contents that are on their way to who reads them.
constexpr std::uint64_t kMostBeingRead = MessageMemory::kMostBytes;

const char* const kNotKept = "no messages are kept in memory: start the sink with --store memory:N";
const char* const kNoMessage = "there is no message of this id";

// What is searched for; what is empty holds.
struct Search {
  std::string sender;  // in small letters, as the next
  std::string recipient;
  std::string subject;
  std::optional<WallTime> since;
  std::uint64_t before = kNoNumber;
  std::uint64_t last = kUsualLast;
};

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  return small;
}

bool has(std::string_view text, const std::string& wanted) {
  return wanted.empty() || in_small_letters(text).find(wanted) != std::string::npos;
}

bool matches(const RememberedMessage& message, const Search& search) {
  if (message.number >= search.before) return false;
  if (search.since && message.time < *search.since) return false;
  if (!has(message.sender, search.sender)) return false;
  const auto& recipients = message.recipients;
  if (!search.recipient.empty() &&
      std::none_of(recipients.begin(), recipients.end(),
                   [&](const std::string& one) { return has(one, search.recipient); })) {
    return false;
  }
  return search.subject.empty() || has(subject_of(message), search.subject);
}

bool read_number(const std::string& value, std::uint64_t least, std::uint64_t most,
                 std::uint64_t& number) {
  const auto read = whole_number(value, least, most);
  number = read.value_or(0);
  return read.has_value();
}

// What a key of a query says; what is wrong with it, if anything.
struct Key {
  std::string_view name;
  bool (*read)(const std::string& value, Search& search);
  std::string_view wrong;
};

constexpr Key kKeys[] = {
    {"sender",
     [](const std::string& value, Search& search) {
       search.sender = in_small_letters(value);
       return true;
     },
     ""},
    {"recipient",
     [](const std::string& value, Search& search) {
       search.recipient = in_small_letters(value);
       return true;
     },
     ""},
    {"subject",
     [](const std::string& value, Search& search) {
       search.subject = in_small_letters(value);
       return true;
     },
     ""},
    {"since",
     [](const std::string& value, Search& search) {
       search.since = parse_wall(value);
       return search.since.has_value();
     },
     "bad since (expected a time as 2026-11-26T17:53:19Z)"},
    {"last",
     [](const std::string& value, Search& search) {
       return read_number(value, 1, kMostLast, search.last);
     },
     "bad last (expected 1 to 1000)"},
    {"before",
     [](const std::string& value, Search& search) {
       return read_number(value, 0, kNoNumber, search.before);
     },
     "bad before (expected a number, as an answer has it)"},
};

// What is wrong with it; empty: nothing.
std::string_view read_search(const http::Request& request, Search& search) {
  for (const auto& [name, value] : request.query) {
    const auto* const key =
        std::find_if(std::begin(kKeys), std::end(kKeys),
                     [&known = name](const Key& row) { return row.name == known; });
    if (key == std::end(kKeys)) {
      return "unknown key of the query (expected sender, recipient, subject, since, "
             "last or before)";
    }
    if (request.query.count(name) > 1) return "a key of the query comes twice";
    if (!key->read(value, search)) return key->wrong;
  }
  return "";
}

std::vector<Remembered> found_by(const MessageMemory& memory, const Search& search) {
  std::vector<Remembered> messages = memory.all();
  std::erase_if(messages, [&](const Remembered& message) { return !matches(*message, search); });
  return messages;
}

}  // namespace

http::Response Api::get_messages(const http::Request& request, const std::string& /*name*/) {
  if (parts_.messages == nullptr) return http::refusal(404, kNotKept);
  Search search;
  if (const auto wrong = read_search(request, search); !wrong.empty()) {
    return http::refusal(400, wrong);
  }
  std::vector<Remembered> messages = found_by(*parts_.messages, search);
  const std::size_t found = messages.size();
  if (found > search.last) {
    messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(search.last));
  }
  return {
      .media_type = "application/json",
      .body = messages_text(
                  messages,
                  {.found = found, .kept = parts_.messages->totals().messages, .up_to_here = found},
                  kBoundsOfList) +
              "\n"};
}

http::Response Api::delete_messages(const http::Request& request, const std::string& /*name*/) {
  if (parts_.messages == nullptr) return http::refusal(404, kNotKept);
  Search search;
  const bool pages = request.query.contains("last") || request.query.contains("before");
  const std::string_view wrong =
      pages ? "last and before are no keys of what is deleted" : read_search(request, search);
  if (!wrong.empty()) return http::refusal(400, wrong);
  return json_response({{"deleted", parts_.messages->forget(found_by(*parts_.messages, search))}});
}

http::Response Api::get_message(const http::Request& /*request*/, const std::string& name) {
  if (parts_.messages == nullptr) return http::refusal(404, kNotKept);
  const Remembered message = parts_.messages->find(name);
  return message ? json_response(message_json(*message)) : http::refusal(404, kNoMessage);
}

// Its content, as long as somebody reads it: without that messages which have to go would stay, one
// for each slow reader. Null: too much is being read already.
std::shared_ptr<const std::string> Api::lend(const Remembered& message) {
  const std::uint64_t bytes = message->content->size();
  {
    const std::lock_guard lock(mutex_);
    if (being_read_ > 0 && being_read_ + bytes > kMostBeingRead) return nullptr;
    being_read_ += bytes;
  }
  return {&*message->content, [this, message, bytes](const std::string* /*of the message*/) {
            const std::lock_guard lock(mutex_);
            being_read_ -= bytes;
          }};
}

http::Response Api::get_raw(const http::Request& /*request*/, const std::string& name) {
  if (parts_.messages == nullptr) return http::refusal(404, kNotKept);
  const Remembered message = parts_.messages->find(name);
  if (!message) return http::refusal(404, kNoMessage);
  if (!message->content) return http::refusal(404, "the content is above 32 MiB and was not kept");
  std::shared_ptr<const std::string> content = lend(message);
  if (!content) return http::refusal(503, "too much is being read at once");
  // The id is the sink's own, letters, digits and dots.
  return {.media_type = "message/rfc822",
          .shared_body = std::move(content),
          .header = {{"Content-Disposition", "attachment; filename=\"" + message->id + ".eml\""}}};
}

}  // namespace millrace::sink
