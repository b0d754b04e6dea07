// Both sides of every mechanism against each other.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "sasl/client.h"
#include "sasl/identity.h"
#include "sasl/mechanisms.h"
#include "sasl/server.h"
#include "smtp/keyword.h"

namespace millrace::sasl {
namespace {

using namespace std::string_view_literals;
using Kind = smtp::AuthenticationStep::Kind;

const std::vector<User> kUsers = {
    {"ann", "secret"}, {"bob", "p\xc3\xa4ss, word"}, {"c=l,i", "=2C"}};

Kind authenticate(std::string_view mechanism, const User& user, const UserTable& table,
                  bool initial_response = true) {
  const Library library = open_library();
  Client client(library.get(), mechanism, user);
  Server server(library.get(), table);
  auto response = client.begin();
  smtp::AuthenticationStep step;
  if (initial_response || !response) {
    step = server.begin(mechanism, response);
  } else {
    step = server.begin(mechanism, std::nullopt);
    EXPECT_EQ(step.kind, Kind::challenge);
    EXPECT_EQ(step.challenge, "");
    step = server.respond(*response);
  }
  for (int steps = 0; step.kind == Kind::challenge && steps < 5; ++steps) {
    response = client.respond(step.challenge);
    if (!response) return Kind::refused;
    step = server.respond(*response);
  }
  if (step.kind == Kind::accepted) {
    EXPECT_EQ(client.fault(), "");
  }
  return step.kind;
}

class Exchange : public testing::TestWithParam<std::string> {};

TEST_P(Exchange, LetsInWhoKnowsThePassword) {
  const UserTable table(kUsers);
  for (const User& user : kUsers) {
    EXPECT_EQ(authenticate(GetParam(), user, table), Kind::accepted) << user.name;
    EXPECT_EQ(authenticate(GetParam(), user, table, false), Kind::accepted) << user.name;
  }
}

TEST_P(Exchange, KeepsOutWhoDoesNot) {
  const UserTable table(kUsers);
  EXPECT_EQ(authenticate(GetParam(), {"ann", "wrong"}, table), Kind::refused);
  EXPECT_EQ(authenticate(GetParam(), {"nobody", "secret"}, table), Kind::refused);
}

class OpenExchange : public testing::TestWithParam<std::string> {};

TEST_P(OpenExchange, TakesEverybody) {
  EXPECT_EQ(authenticate(GetParam(), {"anyone", "anything"}, UserTable()), Kind::accepted);
}

TEST_P(Exchange, SurvivesWhatIsNoResponse) {
  const UserTable table(kUsers);
  const Library library = open_library();
  for (const char* const wrong :
       {"", "=", "!", "AA==", "AAAA", "dXNlcj1hbm4B", "biwsbj1hbm4scj0="}) {
    Server server(library.get(), table);
    auto step = server.begin(GetParam(), wrong);
    for (int steps = 0; step.kind == Kind::challenge && steps < 20; ++steps) {
      step = server.respond(wrong);
    }
    EXPECT_TRUE(step.kind == Kind::refused || step.kind == Kind::malformed ||
                step.kind == Kind::unexpected)
        << wrong;
  }
}

// RFC 4954, 4; but LOGIN, which no RFC specifies, has clients that send the user name at once.
TEST(Server, TakesAnInitialResponseWhereTheClientBeginsAndAUserNameOfLogin) {
  const Library library = open_library();
  for (const UserTable& table : {UserTable(kUsers), UserTable()}) {
    Server server(library.get(), table);
    EXPECT_EQ(server.begin("CRAM-MD5", "YW5u").kind, Kind::unexpected);
    EXPECT_EQ(server.begin("CRAM-MD5", "").kind, Kind::unexpected);
    const auto password = server.begin("LOGIN", "YW5u");
    EXPECT_EQ(password.kind, Kind::challenge);
    EXPECT_EQ(password.challenge, server.begin("LOGIN", "Ym9i").challenge);
    EXPECT_EQ(server.respond("c2VjcmV0").kind, table.everybody() ? Kind::accepted : Kind::refused);
    server.begin("LOGIN", "YW5u");
    EXPECT_EQ(server.respond("c2VjcmV0").kind, Kind::accepted);
  }
}

std::vector<std::string> words(std::string_view rest) {
  std::vector<std::string> names;
  for (auto name = smtp::take_word(rest); !name.empty(); name = smtp::take_word(rest)) {
    names.emplace_back(name);
  }
  return names;
}

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Sasl, Exchange, testing::ValuesIn(words(kMechanisms)), name_of);
INSTANTIATE_TEST_SUITE_P(Sasl, OpenExchange, testing::ValuesIn(words(kOpenMechanisms)), name_of);

// What the client says of a server that sends these challenges, in Base64 with `junk` behind it,
// and then 235.
std::string fault_after(const std::vector<std::string>& challenges, std::string_view junk = "") {
  static const Library library = open_library();
  const User user{"ann", "secret"};
  Client client(library.get(), "SCRAM-SHA-256", user);
  const std::string first = decode_base64(client.begin().value_or("")).value_or("");
  const std::string nonce = first.substr(first.find("r=") + 2);
  for (std::string challenge : challenges) {
    const std::size_t place = challenge.find("NONCE");
    if (place != std::string::npos) challenge.replace(place, 5, nonce);
    if (!client.respond(encode_base64(challenge).append(junk))) break;
  }
  return client.fault();
}

TEST(Scram, TakesNoServerAtItsWordBeforeItsSignature) {
  EXPECT_EQ(
      fault_after({}),
      "authentication by SCRAM-SHA-256 failed: server has not proved that it knows the password");
  EXPECT_EQ(
      fault_after({"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096"}),
      "authentication by SCRAM-SHA-256 failed: server has not proved that it knows the password");
  EXPECT_EQ(fault_after(
                {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096", "v=" + encode_base64(std::string(32, 'x'))}),
            "authentication by SCRAM-SHA-256 failed: server does not prove its identity");
  EXPECT_EQ(fault_after({"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096", "what"}),
            "authentication by SCRAM-SHA-256 failed: server sends a malformed challenge");
}

TEST(Scram, DoesNotWorkForAServerWithoutMeasure) {
  for (const char* const count :
       {"1000001", "4294967295", "99999999999999999999", "0", "-1", " 9", "x"}) {
    EXPECT_EQ(fault_after({std::string("r=NONCEx,s=QSXCR+Q6sek8bf92,i=") + count}),
              "authentication by SCRAM-SHA-256 failed: server asks for " + std::string(count) +
                  " iterations, expected 1 to 1000000");
  }
}

TEST(Scram, WorksForAServerThatAsksForOneIteration) {
  EXPECT_EQ(
      fault_after({"r=NONCEx,s=QSXCR+Q6sek8bf92,i=1"}),
      "authentication by SCRAM-SHA-256 failed: server has not proved that it knows the password");
}

// What GNU SASL reads must be what was measured: a C string ends where the text does not.
TEST(Scram, WorksForNothingThatIsNotStrictlyAChallenge) {
  const std::string first = "r=NONCEx,s=QSXCR+Q6sek8bf92,i=";
  const std::string malformed =
      "authentication by SCRAM-SHA-256 failed: server sends a malformed challenge";
  for (const std::string_view junk : {"\0x"sv, "\0"sv, "!"sv, "="sv, " "sv, "\nAAAA"sv}) {
    EXPECT_EQ(fault_after({first + "3000000"}, junk), malformed) << testing::PrintToString(junk);
  }
  EXPECT_EQ(fault_after({first + "4096" + std::string(1, '\0')}), malformed);
  EXPECT_EQ(fault_after({first + "4096,x=" + std::string(1, '\0') + "x"}), malformed);
}

// How many challenges are answered, and what is said of the next: as it begins anew, the same.
std::pair<int, std::string> patience(std::string_view mechanism, std::string_view challenge) {
  const Library library = open_library();
  const User user{"ann", "secret"};
  Client client(library.get(), mechanism, user);
  const auto once = [&] {
    client.begin();
    int answered = 0;
    while (answered < 100 && client.respond(challenge)) ++answered;
    return std::pair(answered, client.fault());
  };
  const auto first = once();
  EXPECT_EQ(once(), first);
  return first;
}

TEST(Client, DoesNotAnswerForEver) {
  for (const std::string mechanism : {"PLAIN", "CRAM-MD5"}) {
    for (const char* const challenge : {"", "AAAA"}) {
      EXPECT_EQ(patience(mechanism, challenge),
                std::pair(8, "authentication by " + mechanism +
                                 " failed: server sends challenge number 9, expected at most 8"));
    }
  }
  for (const std::string mechanism : {"XOAUTH2", "OAUTHBEARER"}) {
    EXPECT_EQ(patience(mechanism, "e30="),
              std::pair(1, "authentication by " + mechanism +
                               " failed: server sends challenge number 2, expected at most 1"));
  }
}

// "User Name" and "Password", each with a NUL behind it: so some servers of LOGIN ask.
TEST(Client, TakesAnyQuestionOfLogin) {
  const Library library = open_library();
  const User user{"ann", "secret"};
  Client client(library.get(), "LOGIN", user);
  EXPECT_EQ(client.begin(), std::nullopt);
  EXPECT_EQ(client.respond("VXNlciBOYW1lAA=="), "YW5u");
  EXPECT_EQ(client.respond("UGFzc3dvcmQA"), "c2VjcmV0");
  EXPECT_EQ(client.fault(), "");
}

TEST(Identity, StandsBetweenCommas) {
  EXPECT_EQ(escape_identity("a,b=c"), "a=2Cb=3Dc");
  EXPECT_EQ(unescape_identity("a=2Cb=3Dc"), "a,b=c");
  for (const char* const wrong : {"=", "a=2", "=2c", "=41"}) EXPECT_FALSE(unescape_identity(wrong));
}

TEST(Users, AreReadALineEach) {
  const auto path = std::filesystem::temp_directory_path() / "millrace-users-test";
  std::ofstream(path) << "# who\nann,secret\r\n\nbob,a,b\n";
  const auto users = read_users(path);
  ASSERT_EQ(users.size(), 2U);
  EXPECT_EQ(users[0].name, "ann");
  EXPECT_EQ(users[0].password, "secret");
  EXPECT_EQ(users[1].name, "bob");
  EXPECT_EQ(users[1].password, "a,b");
  EXPECT_EQ(read_password(path), "# who");
  std::ofstream(path) << "ann,secret\nbob\n";
  try {
    read_users(path);
    ADD_FAILURE() << "a line without a comma was taken";
  } catch (const Fatal& error) {
    EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
  }
  std::ofstream(path) << ",secret\n";
  EXPECT_THROW(read_users(path), Fatal) << "a user without a name";
  std::ofstream(path) << "ann,\n";
  EXPECT_EQ(read_users(path).at(0).password, "");
  std::ofstream(path) << "\r\n";
  EXPECT_THROW(read_password(path), Fatal);
  std::ofstream(path) << "";
  EXPECT_THROW(read_users(path), Fatal);
  EXPECT_THROW(read_password(path), Fatal);
  std::filesystem::remove(path);
  EXPECT_THROW(read_users(path), Fatal);
  try {
    read_password("/");
    ADD_FAILURE() << "a directory was taken";
  } catch (const Fatal& error) {
    EXPECT_STREQ(error.what(), "read /: Is a directory");
  }
}

}  // namespace
}  // namespace millrace::sasl
