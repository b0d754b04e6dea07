// What options say together, without a command line: from what was given to options.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cli/sink_arguments.h"
#include "cli/sink_command_line.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "scratch_directory.h"

namespace millrace::cli {
namespace {

using std::chrono::seconds;

std::string refusal(const SourceArguments& given) {
  try {
    build_source(given, {.host_name = "a.example", .now = 0, .run = 0});
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

std::string refusal(const SinkArguments& given) {
  try {
    build_sink(given);
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

// Something that is refused, and what mends it.
template <typename Arguments>
struct Case {
  std::function<void(Arguments&)> give;
  std::function<void(Arguments&)> mend;
};

// The cases are refused with the rows of the tables, one after the other, and no more once they are
// mended.
template <typename Arguments>
void expect_all_said(const std::string& endpoint, const std::vector<Case<Arguments>>& cases,
                     std::span<const Combination<Arguments>> exclusions,
                     std::span<const Combination<Arguments>> needs) {
  std::vector<std::string> said;
  for (const auto& [give, mend] : cases) {
    Arguments given;
    given.endpoint = endpoint;
    give(given);
    said.push_back(refusal(given));
    EXPECT_NE(said.back(), "");
    mend(given);
    EXPECT_EQ(refusal(given), "") << said.back();
  }
  std::vector<std::string> rows;
  for (const auto& row : exclusions) rows.emplace_back(row.sentence);
  for (const auto& row : needs) rows.emplace_back(row.sentence);
  EXPECT_EQ(said, rows);
}

TEST(Combinations, OfTheSourceAreEachRefusedInTheirWords) {
  using Given = SourceArguments;
  const auto tls = [](Given& given) { given.tls = true; };
  const auto open_loop = [](Given& given) { given.rate = 5; };
  const auto auth = [](Given& given) {
    given.auth = "CRAM-MD5";
    given.auth_user = "ann";
  };
  const Stages rates{.stages = {{.name = "hold 5/s 1s", .length = seconds(1), .from = 5, .to = 5}},
                     .of_rates = true};
  Stages levels = rates;
  levels.of_rates = false;
  const tests::ScratchDirectory scratch;
  const std::string mail = scratch.write("a.eml", "Subject: x\n\ny\n");
  const std::string fields = scratch.write("a.csv", "name\nAnn\n");
  const std::string key = scratch.write("a.key", std::string(64, 'f'));
  const std::string authorities = scratch.write("a.pem", "-----BEGIN CERTIFICATE-----\n");
  const auto stamp = [](Given& given) { given.stamp = "x"; };
  const std::vector<report::Threshold> objective = {report::Threshold("max<1s")};
  const auto find = [&](Given& given) { given.find_rate = objective; };
  const mail::AddressOrigin somebody = std::vector<mail::WeightedPattern>{{.text = "a@b"}};
  const mail::AddressOrigin some_domain = std::vector<mail::WeightedPattern>{{.text = "b"}};
  const std::vector<mail::ClientGroup> idle = {
      {.behaviour = {.kind = mail::find_client_kind("idle"), .text = "idle"}}};
  const std::vector<mail::ClientGroup> renegotiating = {
      {.behaviour = {.kind = mail::find_client_kind("tls-renegotiate"),
                     .text = "tls-renegotiate"}}};
  expect_all_said<Given>(
      "h",
      {
          {[](Given& given) { given.length = 5, given.message_file = "/dev/null"; },
           [](Given& given) { given.length.reset(); }},
          {[&](Given& given) { given.size = Constant{5}, given.corpus = mail; },
           [](Given& given) { given.size.reset(); }},
          {[&](Given& given) { given.size = Constant{5}, given.message_template = mail; },
           [](Given& given) { given.size.reset(); }},
          {[&](Given& given) { given.corpus = given.message_template = mail; },
           [](Given& given) { given.corpus.reset(); }},
          {[&](Given& given) { given.all_recipients = somebody, given.domains = some_domain; },
           [](Given& given) { given.domains.reset(); }},
          {[](Given& given) { given.size = Constant{5}, given.length = 5; },
           [](Given& given) { given.size.reset(); }},
          {[](Given& given) { given.size = Constant{5}, given.message_file = "/dev/null"; },
           [](Given& given) { given.size.reset(); }},
          {[](Given& given) { given.size = Constant{5}, given.subject = "x"; },
           [](Given& given) { given.size.reset(); }},
          {[&](Given& given) { given.senders = somebody, given.from = "a@b"; },
           [](Given& given) { given.senders.reset(); }},
          {[&](Given& given) { given.all_recipients = somebody, given.to = "a@b"; },
           [](Given& given) { given.all_recipients.reset(); }},
          {[&](Given& given) { given.domains = some_domain, given.recipients = 2; },
           [](Given& given) { given.domains.reset(); }},
          {[&](Given& given) { given.domains = some_domain, given.number_recipients = true; },
           [](Given& given) { given.domains.reset(); }},
          {[](Given& given) { given.size = Constant{5}, given.old = true; },
           [](Given& given) { given.size.reset(); }},
          {[](Given& given) { given.tls = given.starttls = true; },
           [](Given& given) { given.tls = false; }},
          {[&](Given& given) { auth(given), given.auth_users = "/nonexistent"; },
           [](Given& given) { given.auth_users.reset(); }},
          {[](Given& given) { given.old = given.chunking = true; },
           [](Given& given) { given.chunking = false; }},
          {[&](Given& given) { given.stages = rates, given.rate = 5; },
           [](Given& given) { given.rate.reset(); }},
          {[&](Given& given) { given.stages = levels, given.duration = seconds(1); },
           [](Given& given) { given.duration.reset(); }},
          {[&](Given& given) { given.stages = rates, given.pause = seconds(1); },
           [](Given& given) { given.pause.reset(); }},
          {[&](Given& given) { given.stages = levels, given.sessions = 2; },
           [](Given& given) { given.sessions.reset(); }},
          {[&](Given& given) { given.client = idle, given.lmtp = true; },
           [](Given& given) { given.client.clear(); }},
          {[&](Given& given) { given.client = idle, given.stages = levels; },
           [](Given& given) { given.client.clear(); }},
          {[&](Given& given) { given.client = renegotiating, given.tls = true; },
           [](Given& given) { given.client.clear(); }},
          {[](Given& given) { given.stamp = "x", given.old = true; },
           [](Given& given) { given.old = false; }},
          {[](Given& given) { given.stamp = "x", given.recipients = 65'536; },
           [](Given& given) { given.recipients = 65'535; }},
          {[](Given& given) { given.pause = given.random_pause = seconds(1); },
           [](Given& given) { given.pause.reset(); }},
          {[&](Given& given) { given.find_rate = given.find_sessions = objective; },
           [](Given& given) { given.find_rate.reset(); }},
          {[&](Given& given) { find(given), given.rate = 5; },
           [](Given& given) { given.rate.reset(); }},
          {[&](Given& given) { find(given), given.duration = seconds(1); },
           [](Given& given) { given.duration.reset(); }},
          {[&](Given& given) { find(given), given.stages = rates; },
           [](Given& given) { given.stages.reset(); }},
          {[&](Given& given) { find(given), given.messages = 5; },
           [](Given& given) { given.messages.reset(); }},
          {[&](Given& given) { given.find_sessions = objective, given.sessions = 2; },
           [](Given& given) { given.sessions.reset(); }},
          {[&](Given& given) { given.find_sessions = objective, given.client = idle; },
           [](Given& given) { given.client.clear(); }},
          {[&](Given& given) { find(given), given.part = PartValue{.number = 0, .of = 1}; },
           [](Given& given) { given.part.reset(); }},
          {[&](Given& given) { find(given), given.start_at = seconds(30); },
           [](Given& given) { given.start_at.reset(); }},
          {[&](Given& given) { find(given), given.abort_on = 0.5; },
           [](Given& given) { given.abort_on.reset(); }},
          {[&](Given& given) { find(given), given.report.log = "x"; },
           [](Given& given) { given.report.log.clear(); }},
          {[&](Given& given) { find(given), given.counter = true; },
           [](Given& given) { given.counter = false; }},
          {[](Given& given) { given.bind_ports = "5"; },
           [](Given& given) { given.bind = {"127.0.0.1"}; }},
          {[](Given& given) { given.proxy_source = "::1"; },
           [](Given& given) { given.proxy_protocol = net::ProxyVersion::v1; }},
          {[](Given& given) { given.tls_verify = true; }, tls},
          {[&](Given& given) { given.tls_ca_file = authorities; }, tls},
          {[](Given& given) { given.tls_ca_dir = "x"; }, tls},
          {[](Given& given) { given.sni = "x"; }, tls},
          {[](Given& given) { given.tls_alpn = {"x"}; }, tls},
          {[](Given& given) { given.tls_resume = true; }, tls},
          {[](Given& given) { given.tls_cert = "x"; }, tls},
          {[](Given& given) { given.tls_key = "x"; }, tls},
          {[](Given& given) {
             given.tls_version = {12, 13};
           },
           tls},
          {[](Given& given) { given.tls_ciphers = "x"; }, tls},
          {[](Given& given) { given.tls_groups = "x"; }, tls},
          {[](Given& given) { given.auth_user = "ann"; }, auth},
          {[](Given& given) { given.auth_in_clear = true; }, auth},
          {[](Given& given) { given.auth = "CRAM-MD5"; }, auth},
          {[](Given& given) { given.arrivals = source::ArrivalPattern::constant; }, open_loop},
          {[&](Given& given) {
             open_loop(given);
             given.seed = 1;
             given.arrivals = source::ArrivalPattern::constant;
           },
           [](Given& given) { given.arrivals = source::ArrivalPattern::poisson; }},
          {[](Given& given) { given.part = PartValue{.number = 0, .of = 1}; },
           [](Given& given) { given.seed = 1; }},
          {[&](Given& given) { given.fields = fields; },
           [&](Given& given) { given.message_template = mail; }},
          {[](Given& given) { given.abort_on = 0.5; }, open_loop},
          {[](Given& given) { given.retry_limit = 5; },
           [](Given& given) { given.retry = source::RetryPolicy{.first = seconds(1)}; }},
          {[&](Given& given) { given.stamp_key = key; }, stamp},
          {[](Given& given) { given.stamp_body = true; }, stamp},
          {[](Given& given) { given.stamp_recipients = proof::TokenForm::tagged; }, stamp},
          {[](Given& given) { given.journal_sync = true; }, stamp},
          {[](Given& given) { given.sink_journal = {"y"}; }, stamp},
          {[](Given& given) { given.rate_range = LevelRange{.low = 1, .high = 5}; }, find},
          {[](Given& given) { given.session_range = LevelRange{.low = 1, .high = 5}; },
           [&](Given& given) { given.find_sessions = objective; }},
          {[](Given& given) { given.probe = seconds(1); }, find},
          {[](Given& given) { given.confirm = seconds(1); }, find},
          {[](Given& given) { given.resolution = 0.1; }, find},
          {[](Given& given) { given.settle = seconds(1); }, find},
      },
      kSourceExclusions, kSourceNeeds);
}

TEST(Combinations, OfTheSinkAreEachRefusedInTheirWords) {
  using Given = SinkArguments;
  const tests::ScratchDirectory scratch;
  const std::string key = scratch.write("key", "00112233445566778899aabbccddeeff\n");
  const auto tls = [](Given& given) { given.offer = {smtp::Extension::starttls}; };
  expect_all_said<Given>(
      ":1",
      {
          {[](Given& given) { given.dump_each = given.dump_all = "x"; },
           [](Given& given) { given.dump_each.reset(); }},
          {[](Given& given) {
             given.tls = true;
             given.tls_key_type = net::TlsServerOptions::KeyType::rsa;
             given.tls_cert = "x";
           },
           [](Given& given) { given.tls_cert.reset(); }},
          {[](Given& given) {
             given.tls = true;
             given.listen = {{.endpoint = ":2", .name = "x", .starttls = true}};
           },
           [](Given& given) { given.tls = false; }},
          {[](Given& given) { given.check_rules = true; },
           [](Given& given) { given.rules = {"/dev/null"}; }},
          {[](Given& given) { given.seed = 1; }, [](Given& given) { given.rules = {"/dev/null"}; }},
          {[](Given& given) { given.tls_ask_cert = true; }, tls},
          {[](Given& given) { given.tls_key_type = net::TlsServerOptions::KeyType::rsa; }, tls},
          {[](Given& given) { given.tls_cert = "x"; }, tls},
          {[](Given& given) { given.tls_key = "x"; }, tls},
          {[](Given& given) {
             given.tls_version = {12, 13};
           },
           tls},
          {[](Given& given) { given.tls_ciphers = "x"; },
           [](Given& given) { given.listen = {{.endpoint = ":2", .name = "x", .tls = true}}; }},
          {[](Given& given) { given.tls_groups = "x"; },
           [](Given& given) {
             given.listen = {{.endpoint = ":2", .name = "x", .starttls = true}};
           }},
          {[](Given& given) { given.answer_rate = 5; },
           [](Given& given) { given.answer_through = "unix:/x"; }},
          {[&](Given& given) { given.http_token_file = key; },
           [](Given& given) { given.http = ":1"; }},
          {[](Given& given) {
             given.store = {{.form = sink::StoreTarget::Form::memory, .most = 1}};
           },
           [](Given& given) { given.http = ":1"; }},
          {[&](Given& given) { given.stamp_key = key; }, [](Given& given) { given.verify = "x"; }},
          {[](Given& given) { given.journal_sync = true; },
           [](Given& given) { given.verify = "x"; }},
          {[](Given& given) { given.store_sync = true; },
           [](Given& given) { given.store = {{.form = {}, .path = "x"}}; }},
      },
      kSinkExclusions, kSinkNeeds);
}

// What the machine and the moment add is handed over as well.
TEST(Combinations, AMessageIsOfItsSurroundings) {
  SourceArguments given;
  given.endpoint = "h";
  const auto made = build_source(given, {.host_name = "a.example", .now = 0, .run = 3}).source;
  EXPECT_EQ(made.message.reverse_path, "foo@a.example");
  EXPECT_EQ(made.plan.hello_name, "a.example");
  EXPECT_EQ(made.message.run, 3U);
  EXPECT_EQ(made.load.seed, 3U);
  EXPECT_NE(made.message.date.find("1970"), std::string::npos);
}

}  // namespace
}  // namespace millrace::cli
