#include "ui/cli/ready_file.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace understudy {
namespace {

class ReadyFile : public testing::Test {
 protected:
  ReadyFile()
      : folder_(std::filesystem::temp_directory_path() /
                ("understudy-ready-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ReadyFile() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path(const char* name) const { return (folder_ / name).string(); }

  const std::filesystem::path folder_;
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ReadyJson, HasTheMembersOfTheContract) {
  const std::vector<ListeningRule> rules{{"orders", "http", "127.0.0.1:8080", false},
                                         {"db", "tcp", "127.0.0.1:7000", false}};
  const auto json = nlohmann::json::parse(ready_json(42, "http://127.0.0.1:7070/", "", rules));
  EXPECT_EQ(json, nlohmann::json::parse(R"({"pid":42,"ui":"http://127.0.0.1:7070/","proxy":null,
      "ca":null,"rules":[{"name":"orders","scheme":"http","address":"127.0.0.1:8080"},
      {"name":"db","scheme":"tcp","address":"127.0.0.1:7000"}]})"));
}

TEST(ReadyJson, WithoutUiItIsNull) {
  EXPECT_TRUE(nlohmann::json::parse(ready_json(1, "", "", {}))["ui"].is_null());
}

TEST(ReadyJson, TheFirstProxyIsNoRuleAndByHostRulesAre) {
  const std::vector<ListeningRule> rules{{"by-host-80", "http-proxy", "127.0.0.1:80", false, false},
                                         {"proxy", "http-proxy", "127.0.0.1:3128", false, true},
                                         {"proxy-2", "http-proxy", "127.0.0.1:3129", false, true}};
  const auto json = nlohmann::json::parse(ready_json(1, "", "/ca/ca.pem", rules));
  EXPECT_EQ(json["proxy"], "127.0.0.1:3128");
  EXPECT_EQ(json["ca"], "/ca/ca.pem");
  ASSERT_EQ(json["rules"].size(), 1U);
  EXPECT_EQ(json["rules"][0]["name"], "by-host-80");
}

TEST_F(ReadyFile, IsReplacedAsAWhole) {
  ASSERT_TRUE(write_file_atomically(path("ready.json"), "one"));
  ASSERT_TRUE(write_file_atomically(path("ready.json"), "two"));
  EXPECT_EQ(content(path("ready.json")), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(ReadyFile, AMissingFolderIsAnErrorThatNamesIt) {
  const Result<void> written = write_file_atomically(path("no/ready.json"), "one");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().source, ErrorSource::Environment);
  EXPECT_EQ(written.error().where, path("no/ready.json"));
}

TEST_F(ReadyFile, ForgettingRemovesTheOldOne) {
  ASSERT_TRUE(write_file_atomically(path("ready.json"), "old"));
  EXPECT_TRUE(forget_ready_file(path("ready.json")));
  EXPECT_FALSE(std::filesystem::exists(path("ready.json")));
  EXPECT_TRUE(forget_ready_file(path("ready.json")));
}

}  // namespace
}  // namespace understudy
