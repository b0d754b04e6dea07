#include "http/access.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace millrace::http {
namespace {

constexpr std::string_view kToken = "0123456789abcdef";

// The status that it is refused with; 0: it is not.
int status_of(const RequestHead& head, const Access& access = {}) {
  const std::optional<Response> refused = refuse(head, access);
  return refused ? refused->status : 0;
}

RequestHead get(std::string_view path) {
  return {.method = "GET", .path = path, .host = "127.0.0.1:8025"};
}

TEST(HttpAccess, IsForThoseOnThisHostWithoutAToken) {
  EXPECT_EQ(status_of(get("/")), 0);
  for (const char* const host : {"localhost", "LOCALHOST:1", "[::1]:80", "::1", "10.1.2.3"}) {
    RequestHead head = get("/");
    head.host = host;
    EXPECT_EQ(status_of(head), host == std::string("::1") ? 403 : 0) << host;
  }
}

TEST(HttpAccess, IsNotForSitesThatHaveTheirNamePointHere) {
  for (const char* const host :
       {"", "evil.example", "evil.example:8025", "127.0.0.1.evil.example"}) {
    RequestHead head = get("/");
    head.host = host;
    EXPECT_EQ(status_of(head), 403) << host;
  }
}

TEST(HttpAccess, IsNotForPagesOfOtherSites) {
  RequestHead head = get("/");
  head.origin = "http://127.0.0.1:8025";
  EXPECT_EQ(status_of(head), 0);
  for (const char* const origin : {"http://evil.example", "null", "http://127.0.0.1:80",
                                   "http://127.0.0.1:8025.evil.example"}) {
    head.origin = origin;
    EXPECT_EQ(status_of(head), 403) << origin;
    EXPECT_EQ(status_of(head, {.token = std::string(kToken)}), 403) << origin;
  }
}

TEST(HttpAccess, IsNotForWhatPagesOfOtherSitesLoad) {
  const Access access{.linked = {"/"}};
  const auto asked = [](std::string_view site, std::string_view mode, std::string_view path) {
    RequestHead head = get(path);
    head.fetch_site = site;
    head.fetch_mode = mode;
    return head;
  };
  for (const char* const site : {"", "same-origin", "none"}) {
    EXPECT_EQ(status_of(asked(site, "no-cors", "/api/v1/events"), access), 0) << site;
  }
  for (const char* const site : {"cross-site", "same-site"}) {
    for (const char* const mode : {"no-cors", "cors", "websocket", ""}) {
      EXPECT_EQ(status_of(asked(site, mode, "/"), access), 403) << mode;
    }
    EXPECT_EQ(status_of(asked(site, "navigate", "/"), access), 0);
    for (const char* const dest : {"document", "iframe", "embed", "object"}) {
      RequestHead head = asked(site, "navigate", "/");
      head.fetch_dest = dest;
      EXPECT_EQ(status_of(head, access), dest == std::string_view("document") ? 0 : 403) << dest;
    }
    EXPECT_EQ(status_of(asked(site, "navigate", "/api/v1/events"), access), 403);
  }
  const Access guarded{.token = std::string(kToken), .without_token = {"/"}};
  RequestHead head = asked("cross-site", "no-cors", "/api/v1/stats");
  EXPECT_EQ(status_of(head, guarded), 403);
  head.authorization = "Bearer 0123456789abcdef";
  EXPECT_EQ(status_of(head, guarded), 0);
  head.path = "/";
  head.authorization = "";
  EXPECT_EQ(status_of(head, guarded), 403);
}

TEST(HttpAccess, AsksForTheToken) {
  const Access access{.token = std::string(kToken), .without_token = {"/healthz"}};
  RequestHead head = get("/api/v1/stats");
  head.host = "any.example";
  for (const char* const shown :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeF", "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef ", "Basic 0123456789abcdef", "0123456789abcdef"}) {
    head.authorization = shown;
    EXPECT_EQ(status_of(head, access), 401) << shown;
  }
  head.authorization = "bearer 0123456789abcdef";
  EXPECT_EQ(status_of(head, access), 0);
  head.authorization = "";
  for (const char* const path : {"/healthz/", "/healthz/../api/v1/stats", "//healthz"}) {
    head.path = path;
    EXPECT_EQ(status_of(head, access), 401) << path;
  }
  head.path = "/healthz";
  EXPECT_EQ(status_of(head, access), 0);
}

TEST(HttpAccess, RefusesWhatCouldHoldAThreadOrFillMemory) {
  const auto with = [](auto change) {
    RequestHead head = get("/");
    head.method = "PUT";
    change(head);
    return status_of(head);
  };
  EXPECT_EQ(with([](RequestHead& head) { head.content_length = "1048576"; }), 0);
  EXPECT_EQ(with([](RequestHead& head) { head.content_length = "1048577"; }), 413);
  EXPECT_EQ(with([](RequestHead& head) { head.content_length = "99999999999999999999"; }), 400);
  EXPECT_EQ(with([](RequestHead& head) { head.content_length = "-1"; }), 400);
  EXPECT_EQ(with([](RequestHead& head) { head.transfer_encoding = "chunked"; }), 411);
  EXPECT_EQ(with([](RequestHead& head) { head.content_encoding = "gzip"; }), 415);
  EXPECT_EQ(with([](RequestHead& head) { head.content_encoding = "identity"; }), 0);
  EXPECT_EQ(with([](RequestHead& head) { head.media_type = "multipart/form-data"; }), 415);
  EXPECT_EQ(with([](RequestHead& head) { head.media_type = "application/x-www-form-urlencoded"; }),
            415);
  EXPECT_EQ(with([](RequestHead& head) { head.method = "OPTIONS"; }), 405);
  const std::string path(1025, '/');
  EXPECT_EQ(with([&](RequestHead& head) { head.path = path; }), 414);
  EXPECT_EQ(with([&](RequestHead& head) { head.path = std::string_view(path).substr(1); }), 0);
}

TEST(HttpAccess, KnowsAMediaTypeHoweverItIsWritten) {
  EXPECT_EQ(media_type("Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(""), "");
}

}  // namespace
}  // namespace millrace::http
