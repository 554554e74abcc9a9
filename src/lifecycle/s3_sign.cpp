#include "lifecycle/s3_sign.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "lifecycle/url.h"

namespace slipway::lifecycle {
namespace {

constexpr std::string_view kEmptyBodyDigest =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr uint64_t kCredentialBytesMax = 1 << 20;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string encode_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = percent_encoded(name, false);
    value = percent_encoded(value, false);
  }
  std::ranges::sort(query);
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::map<std::string, std::string> sign_s3(const S3Request& request,
                                           const AwsCredentials& credentials,
                                           std::string_view region,
                                           std::chrono::system_clock::time_point now) {
  const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(now));
  const std::string date = fmt::format("{:%Y%m%d}", utc);
  const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", utc);
  std::map<std::string, std::string> headers = request.headers;
  headers["host"] = request.host;
  headers["x-amz-content-sha256"] = kEmptyBodyDigest;
  headers["x-amz-date"] = time;
  if (!credentials.session_token.empty()) {
    headers["x-amz-security-token"] = credentials.session_token;
  }
  std::string names;
  std::string lines;
  for (const auto& [name, value] : headers) {
    names += (names.empty() ? "" : ";") + name;
    lines += name + ":" + std::string(trimmed(value)) + "\n";
  }
  const std::string canonical =
      fmt::format("GET\n{}\n{}\n{}\n{}\n{}", request.path, encode_query(request.query), lines,
                  names, kEmptyBodyDigest);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", date, region);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, sha256_hex(canonical));
  const std::string day_key = hmac_sha256("AWS4" + credentials.secret_key, date);
  const std::string key =
      hmac_sha256(hmac_sha256(hmac_sha256(day_key, region), "s3"), "aws4_request");
  headers["authorization"] =
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                  credentials.access_key, scope, names, hex(hmac_sha256(key, to_sign)));
  return headers;
}

std::optional<AwsCredentials> read_aws_profile(std::string_view text, std::string_view profile) {
  AwsCredentials found;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (line.starts_with('[') && line.ends_with(']')) {
      inside = trimmed(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos || line.starts_with('#')) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (name == "aws_access_key_id") found.access_key = value;
    if (name == "aws_secret_access_key") found.secret_key = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  if (found.access_key.empty() || found.secret_key.empty()) return std::nullopt;
  return found;
}

Result<std::optional<AwsCredentials>> find_aws_credentials() {
  AwsCredentials own{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                     variable("AWS_SESSION_TOKEN")};
  if (!own.access_key.empty() && !own.secret_key.empty()) return std::optional(std::move(own));
  const std::string profile = variable("AWS_PROFILE");
  std::string path = variable("AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = variable("HOME") + "/.aws/credentials";
  Limits limits;
  limits.file_bytes_max = kCredentialBytesMax;
  const Result<std::string> text = read_file(path, limits);
  std::optional<AwsCredentials> found;
  if (text.ok()) found = read_aws_profile(*text, profile.empty() ? "default" : profile);
  if (!found.has_value() && !profile.empty()) {
    return failed_precondition(
        fmt::format("there are no credentials for the profile \"{}\" (AWS_PROFILE) in {}{}",
                    profile, path, text.ok() ? "" : ": " + text.status().message()));
  }
  return found;
}

}  // namespace slipway::lifecycle
