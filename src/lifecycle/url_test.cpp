#include "lifecycle/url.h"

#include <gtest/gtest.h>

#include <vector>

namespace slipway::lifecycle {
namespace {

std::vector<Url> prefixes(std::initializer_list<const char*> texts) {
  std::vector<Url> urls;
  for (const char* text : texts) urls.push_back(*parse_url(text));
  return urls;
}

TEST(UrlTest, ReadsTheThreeSchemes) {
  const Url url = *parse_url("HTTPS://Models.Example.com:443/a/iris.joblib?v=2");
  EXPECT_EQ(url.text(), "https://models.example.com/a/iris.joblib?v=2");
  EXPECT_EQ(url.name(), "iris.joblib");
  EXPECT_EQ(parse_url("http://127.0.0.1:8000")->text(), "http://127.0.0.1:8000/");
  EXPECT_EQ(parse_url("http://[::1]:8000/x")->host, "[::1]:8000");
  const Url key = *parse_url("s3://bucket/a%20b?c#d/e");
  EXPECT_EQ(key.path, "/a%20b?c#d/e");  // a key is taken literally
  EXPECT_EQ(parse_url("s3://bucket")->name(), "bucket");
  EXPECT_EQ(parse_url("s3://bucket/models/")->name(), "models");
}

TEST(UrlTest, RefusesWhatTwoReadersMightReadDifferently) {
  for (const char* text : {"",
                           "iris.joblib",
                           "ftp://host/x",
                           "file:///etc/passwd",
                           "http://",
                           "http:///x",
                           "http://user@host/x",
                           "http://host@evil/x",
                           "http://host\\@evil/x",
                           "http://host/a/../b",
                           "http://host/a/./b",
                           "http://host/a/%2e%2e/b",
                           "http://host/a%2Fb",
                           "http://host/a%5cb",
                           "http://host/%252e%252e/",
                           "http://host/a%0d%0ab",
                           "http://host/a%zz",
                           "http://host/a%2",
                           "http://host/a//b",
                           "http://host/x#y",
                           "http://host:0/x",
                           "http://host:/x",
                           "http://host:99999/x",
                           "http://host:80x/x",
                           "http://ho st/x",
                           "http://[::1/x",
                           "http://[::1]x/y",
                           "http://[]:1/",
                           "http://.host/",
                           "http://host./",
                           "s3://",
                           "s3://B/x",
                           "s3://ab/x",
                           "s3://bucket/../x",
                           "s3://user@bucket/x",
                           "s3://bucket//x",
                           "http://h\xc3\xa4/"}) {
    EXPECT_FALSE(parse_url(text).ok()) << text;
  }
  EXPECT_FALSE(parse_url("http://host/" + std::string(3000, 'a')).ok());
}

TEST(UrlTest, AnAllowedPrefixEndsAtASegment) {
  const std::vector<Url> allowed =
      prefixes({"https://models.example.com/team", "s3://bucket/live/", "http://host:8000"});
  for (const char* text : {"https://models.example.com/team", "https://models.example.com/team/x",
                           "https://MODELS.example.com:443/team/x?v=1", "s3://bucket/live/x",
                           "http://host:8000/anything"}) {
    EXPECT_TRUE(allowed_by(*parse_url(text), allowed)) << text;
  }
  for (const char* text :
       {"https://models.example.com/teams/x", "https://models.example.com/", "s3://bucket/live",
        "http://models.example.com/team/x", "https://models.example.com.evil.com/team/x",
        "https://models.example.com:8443/team/x", "s3://bucket/lively/x", "s3://bucket2/live/x",
        "http://host/anything", "https://host:8000/anything"}) {
    EXPECT_FALSE(allowed_by(*parse_url(text), allowed)) << text;
  }
  EXPECT_FALSE(allowed_by(*parse_url("http://host/"), {}));
}

TEST(UrlTest, ALocationIsAbsoluteOrAPath) {
  const Url base = *parse_url("https://host/a/b");
  EXPECT_EQ(parse_location(base, "/c?d")->text(), "https://host/c?d");
  EXPECT_EQ(parse_location(base, "http://other/c")->text(), "http://other/c");
  EXPECT_FALSE(parse_location(base, "//other/c").ok());
  EXPECT_FALSE(parse_location(base, "c").ok());
}

TEST(UrlTest, EncodesAsAwsDoes) {
  EXPECT_EQ(percent_encoded("a b/c+d~e\xc3\xa4", true), "a%20b/c%2Bd~e%C3%A4");
  EXPECT_EQ(percent_encoded("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace slipway::lifecycle
