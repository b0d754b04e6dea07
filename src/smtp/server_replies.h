#pragma once

#include <string_view>

// What the server says besides what names it (ServerReplies), a reply a line.
namespace millrace::smtp::replies {

inline constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
inline constexpr std::string_view kMailOk = "250 2.1.0 Ok\r\n";
inline constexpr std::string_view kRcptOk = "250 2.1.5 Ok\r\n";
inline constexpr std::string_view kDelivered = "250 2.2.0 Ok\r\n";
inline constexpr std::string_view kBye = "221 Bye\r\n";
inline constexpr std::string_view kStartContent = "354 End data with <CR><LF>.<CR><LF>\r\n";
inline constexpr std::string_view kNotStored = "452 4.3.1 Error: message could not be stored\r\n";
inline constexpr std::string_view kEmptyCommand = "500 5.5.2 Error: unknown command\r\n";
inline constexpr std::string_view kUnknownCommand = "500 5.5.1 Error: unknown command\r\n";
inline constexpr std::string_view kNestedMail = "503 5.5.1 Error: nested MAIL command\r\n";
inline constexpr std::string_view kNeedMail = "503 5.5.1 Error: need MAIL command\r\n";
inline constexpr std::string_view kNeedRcpt = "503 5.5.1 Error: need RCPT command\r\n";
inline constexpr std::string_view kAmidChunks =
    "503 5.5.1 Error: the message has begun with BDAT\r\n";
inline constexpr std::string_view kBadChunk = "501 5.5.4 Syntax: BDAT count [LAST]\r\n";
inline constexpr std::string_view kUnreadableChunk =
    "421 4.5.4 Error: BDAT without a count, closing connection\r\n";
inline constexpr std::string_view kAfterFailure =
    "503 5.5.1 Error: an earlier chunk was refused\r\n";
inline constexpr std::string_view kNeedBdat = "503 5.5.1 Error: BODY=BINARYMIME needs BDAT\r\n";
inline constexpr std::string_view kTooManyRecipients = "452 4.5.3 Error: too many recipients\r\n";
inline constexpr std::string_view kTooManyTransactions =
    "452 4.5.3 Error: too many messages on this session\r\n";
inline constexpr std::string_view kTooLarge =
    "552 5.3.4 Error: message size exceeds fixed limit\r\n";
inline constexpr std::string_view kLineTooLong = "500 5.5.2 Error: line of text too long\r\n";
inline constexpr std::string_view kBadSize = "501 5.5.4 Error: bad message size\r\n";
inline constexpr std::string_view kBadBody =
    "501 5.5.4 Error: BODY is 7BIT, 8BITMIME or BINARYMIME\r\n";
inline constexpr std::string_view kNoBody = "555 5.5.4 Error: BODY is not offered\r\n";
inline constexpr std::string_view kNoBinary = "555 5.5.4 Error: BODY=BINARYMIME is not offered\r\n";
inline constexpr std::string_view kNeedUtf8 = "553 5.6.7 Error: address needs SMTPUTF8\r\n";
inline constexpr std::string_view kNeedTls = "530 5.7.0 Error: must issue STARTTLS first\r\n";
inline constexpr std::string_view kStartTls = "220 2.0.0 Ready to start TLS\r\n";
inline constexpr std::string_view kTlsActive = "503 5.5.1 Error: TLS is active already\r\n";
inline constexpr std::string_view kNoArguments = "501 5.5.4 Error: no parameters are allowed\r\n";
inline constexpr std::string_view kBadAttribute = "501 5.5.4 Error: bad attribute\r\n";
inline constexpr std::string_view kNotTrusted = "550 5.7.0 Error: insufficient authorization\r\n";
inline constexpr std::string_view kInTransaction = "503 5.5.1 Error: transaction in progress\r\n";
inline constexpr std::string_view kAuthenticated = "235 2.7.0 Authentication successful\r\n";
inline constexpr std::string_view kAuthenticatedAlready =
    "503 5.5.1 Error: already authenticated\r\n";
inline constexpr std::string_view kAuthRefused = "535 5.7.8 Error: authentication failed\r\n";
inline constexpr std::string_view kAuthCancelled = "501 5.7.0 Error: authentication cancelled\r\n";
inline constexpr std::string_view kAuthMalformed =
    "501 5.5.2 Error: malformed authentication data\r\n";
inline constexpr std::string_view kAuthUnexpected =
    "501 5.5.4 Error: this mechanism takes no initial response\r\n";
inline constexpr std::string_view kAuthUnknown =
    "504 5.5.4 Error: unknown authentication mechanism\r\n";
inline constexpr std::string_view kAuthTooLong =
    "500 5.5.6 Error: authentication exchange line is too long\r\n";

}  // namespace millrace::smtp::replies
