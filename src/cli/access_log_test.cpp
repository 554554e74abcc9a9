#include "cli/access_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace slipway::cli {
namespace {

transport::HttpRequest request_of(const std::vector<transport::HttpHeader>& headers) {
  transport::HttpRequest request;
  request.method = transport::HttpMethod::kPost;
  request.path = "/predict";
  request.headers = headers;
  request.body = "{}";
  request.remote_address = "127.0.0.1";
  return request;
}

protocols::AccessRecord record_of(const transport::HttpRequest& request, int status) {
  protocols::AccessRecord record{};
  record.request = &request;
  record.status = status;
  record.response_bytes = 20;
  record.request_id = "r-1";
  record.model = "iris";
  record.version = "1";
  record.digest = "sha256:ab";
  record.error = status < 400 ? "" : "expected \"4\" features";
  record.rows = 1;
  record.seconds = 0.001;
  return record;
}

size_t count_lines(const std::string& path) {
  std::ifstream file(path);
  size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

TEST(AccessLogTest, ALineIsOneJsonObjectWithEcsFields) {
  const std::vector<transport::HttpHeader> headers = {{"User-Agent", "curl/8"}};
  const transport::HttpRequest request = request_of(headers);
  std::string line;
  append_access_line(
      line, record_of(request, 400),
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000123)));
  EXPECT_EQ(
      line,
      R"({"@timestamp":"2023-11-14T22:13:20.123Z","ecs.version":"8.11.0",)"
      R"("event.dataset":"slipway.access","event.kind":"event","http.request.method":"POST",)"
      R"("url.path":"/predict","http.response.status_code":400,"http.request.body.bytes":2,)"
      R"("http.response.body.bytes":20,"event.duration":1000000,"event.outcome":"failure",)"
      R"("http.request.id":"r-1","client.address":"127.0.0.1","user_agent.original":"curl/8",)"
      R"("error.message":"expected \"4\" features","slipway.model.name":"iris",)"
      R"("slipway.model.version":"1","slipway.model.digest":"sha256:ab","slipway.rows":1,)"
      R"("slipway.queue.duration":0,"slipway.compute.duration":0})"
      "\n");
}

TEST(AccessLogTest, AShareOfSuccessesAndEveryFailureIsWritten) {
  const std::string path = testing::TempDir() + "access_log_test.json";
  std::remove(path.c_str());
  const transport::HttpRequest request = request_of({});
  {
    const auto log = open_access_log({.target = path, .sample = 0.1, .loops = 2}).value();
    for (int i = 0; i < 100; ++i) log->write(record_of(request, 200));
    for (int i = 0; i < 5; ++i) log->write(record_of(request, 404));
  }
  const size_t lines = count_lines(path);
  EXPECT_GE(lines, 14U);  // 9 or 10 of 100, as sums of 0.1 round, and the 5 failures
  EXPECT_LE(lines, 15U);
}

TEST(AccessLogTest, AFileThatWasMovedAwayIsFollowedByANewOne) {
  const std::string path = testing::TempDir() + "access_log_rotation.json";
  const std::string moved = path + ".1";
  std::remove(path.c_str());
  const transport::HttpRequest request = request_of({});
  {
    const auto log = open_access_log({.target = path, .sample = 1, .loops = 1}).value();
    log->write(record_of(request, 200));
    while (count_lines(path) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_EQ(std::rename(path.c_str(), moved.c_str()), 0);
    log->write(record_of(request, 200));
  }
  EXPECT_EQ(count_lines(moved), 1U);
  EXPECT_EQ(count_lines(path), 1U);
}

TEST(AccessLogTest, AFullDiskIsSurvived) {
  const auto log = open_access_log({.target = "/dev/full", .sample = 1, .loops = 1}).value();
  const transport::HttpRequest request = request_of({});
  for (int i = 0; i < 10; ++i) log->write(record_of(request, 200));
}

TEST(AccessLogTest, AFileThatCannotBeOpenedIsNamed) {
  const auto log = open_access_log({.target = "/nowhere/at/all.json"});
  ASSERT_FALSE(log.ok());
  EXPECT_NE(log.status().message().find("/nowhere/at/all.json"), std::string::npos);
}

}  // namespace
}  // namespace slipway::cli
