#include "mail/words.h"

#include <array>

namespace millrace::mail {
namespace {

constexpr std::array<std::string_view, 303> kWords = {
    "the",       "of",        "and",       "to",       "in",      "a",        "is",      "that",
    "for",       "it",        "was",       "on",       "are",     "as",       "with",    "at",
    "be",        "by",        "this",      "have",     "or",      "one",      "had",     "not",
    "but",       "what",      "all",       "were",     "when",    "we",       "there",   "can",
    "an",        "your",      "which",     "their",    "said",    "if",       "do",      "will",
    "each",      "about",     "how",       "up",       "out",     "them",     "then",    "she",
    "many",      "some",      "so",        "these",    "would",   "other",    "into",    "has",
    "more",      "her",       "two",       "like",     "him",     "see",      "time",    "could",
    "no",        "make",      "than",      "first",    "been",    "its",      "who",     "now",
    "people",    "my",        "made",      "over",     "did",     "down",     "only",    "way",
    "find",      "use",       "may",       "water",    "long",    "little",   "very",    "after",
    "words",     "called",    "just",      "where",    "most",    "know",     "get",     "through",
    "back",      "much",      "before",    "go",       "good",    "new",      "write",   "our",
    "used",      "me",        "man",       "too",      "any",     "day",      "same",    "right",
    "look",      "think",     "also",      "around",   "another", "came",     "come",    "work",
    "three",     "word",      "must",      "because",  "does",    "part",     "even",    "place",
    "well",      "such",      "here",      "take",     "why",     "things",   "help",    "put",
    "years",     "different", "away",      "again",    "off",     "went",     "old",     "number",
    "great",     "tell",      "men",       "say",      "small",   "every",    "found",   "still",
    "between",   "name",      "should",    "home",     "big",     "give",     "air",     "line",
    "set",       "own",       "under",     "read",     "last",    "never",    "us",      "left",
    "end",       "along",     "while",     "might",    "next",    "sound",    "below",   "saw",
    "something", "thought",   "both",      "few",      "those",   "always",   "looked",  "show",
    "large",     "often",     "together",  "asked",    "house",   "going",    "want",    "school",
    "important", "until",     "form",      "food",     "keep",    "children", "feet",    "land",
    "side",      "without",   "boy",       "once",     "animals", "life",     "enough",  "took",
    "four",      "head",      "above",     "kind",     "began",   "almost",   "live",    "page",
    "got",       "earth",     "need",      "far",      "hand",    "high",     "year",    "mother",
    "light",     "country",   "father",    "let",      "night",   "picture",  "being",   "study",
    "second",    "book",      "carry",     "science",  "eat",     "room",     "friend",  "idea",
    "fish",      "mountain",  "north",     "base",     "hear",    "horse",    "cut",     "sure",
    "watch",     "colour",    "face",      "wood",     "main",    "open",     "seem",    "order",
    "invoice",   "account",   "payment",   "delivery", "meeting", "report",   "project", "customer",
    "service",   "update",    "offer",     "office",   "team",    "contract", "message", "question",
    "answer",    "morning",   "afternoon", "evening",  "week",    "month",    "summer",  "winter",
    "garden",    "street",    "market",    "price",    "budget",  "schedule", "travel",  "ticket",
    "window",    "letter",    "paper",     "reader",   "editor",  "author",   "record",  "season",
    "harbour",   "bridge",    "river",     "valley",   "island",  "village",  "city"};

}  // namespace

std::string_view random_word(Roll& roll) { return kWords[roll.below(kWords.size())]; }

}  // namespace millrace::mail
