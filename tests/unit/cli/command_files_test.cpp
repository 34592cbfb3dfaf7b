#include "ui/cli/command_files.h"

#include "protocols/transport/cert_authority.h"
#include "temporary_folder.h"
#include "ui/cli/node_preload.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cstdlib>
#include <optional>

namespace understudy {
namespace {

/// A variable of our own environment while a test runs.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class CommandFilesTest : public testing::Test {
 protected:
  CommandFilesTest() : authority_(*CertAuthority::open(folder_.path("ca"))) {}

  Result<CommandFiles> make(const ProxyAccess& proxy) {
    return CommandFiles::make(*authority_, proxy, warnings_);
  }
  static std::string directory(const CommandFiles& files) {
    return std::filesystem::path(files.paths().bundle).parent_path().string();
  }

  TemporaryFolder folder_;
  const Variable temporary_{"TMPDIR", folder_.path("")};
  const Variable users_wgetrc_{"WGETRC", folder_.write("users", "tries = 3\n")};
  std::shared_ptr<CertAuthority> authority_;
  const ProxyAccess proxy_{"127.0.0.1:3128", "", ""};
  std::vector<std::string> warnings_;
};

TEST_F(CommandFilesTest, AreForThisUserAndGoAtTheEnd) {
  std::string place;
  {
    const auto files = make(proxy_);
    ASSERT_TRUE(files) << describe(files.error());
    place = directory(*files);
    struct stat facts{};
    ASSERT_EQ(::stat(place.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
    EXPECT_TRUE(place.starts_with(folder_.path("understudy-"))) << place;
    EXPECT_EQ(files->paths().authority, authority_->paths().certificate);
    EXPECT_TRUE(content_of(files->paths().bundle).starts_with(authority_->root_pem()));
    EXPECT_FALSE(content_of(files->paths().java_store).empty());
    EXPECT_TRUE(content_of(files->paths().wgetrc).starts_with("tries = 3\nca_certificate = "));
    EXPECT_EQ(content_of(files->paths().node_preload), kNodePreload);
  }
  EXPECT_FALSE(std::filesystem::exists(place));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(CommandFilesTest, WithoutAProxyNodeNeedsNone) {
  const auto files = make({});
  ASSERT_TRUE(files);
  EXPECT_EQ(files->paths().node_preload, "");
}

TEST_F(CommandFilesTest, RootsThatCannotBeReadAreLeftOut) {
  const Variable roots("SSL_CERT_FILE", folder_.write("roots.pem", "no certificate"));
  const auto files = make(proxy_);
  ASSERT_TRUE(files) << describe(files.error());
  EXPECT_EQ(content_of(files->paths().bundle), authority_->root_pem());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("roots.pem"), std::string::npos) << warnings_[0];
}

TEST_F(CommandFilesTest, NoPlaceForThemIsAnErrorOfTheMachine) {
  const Variable nowhere("TMPDIR", folder_.path("nowhere"));
  const auto files = make(proxy_);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().source, ErrorSource::Environment);
  EXPECT_NE(files.error().what.find("TMPDIR"), std::string::npos);
}

TEST_F(CommandFilesTest, VariablesKeepTheOptionsOfTheUser) {
  const Variable java("JAVA_TOOL_OPTIONS", "-Xmx1g"), node("NODE_OPTIONS", "--no-warnings");
  const auto files = make(proxy_);
  ASSERT_TRUE(files);
  std::string all;
  for (const auto& [name, value] : client_variables(files->paths(), proxy_))
    all += name + "=" + value + "\n";
  EXPECT_NE(all.find("JAVA_TOOL_OPTIONS=-Xmx1g -Djavax"), std::string::npos) << all;
  EXPECT_NE(all.find("NODE_OPTIONS=--no-warnings --require "), std::string::npos) << all;
  EXPECT_NE(all.find("HTTPS_PROXY=http://127.0.0.1:3128\n"), std::string::npos) << all;
  EXPECT_TRUE(client_variables({}, {}).empty());
}

}  // namespace
}  // namespace understudy
