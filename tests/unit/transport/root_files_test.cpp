// The root on disk: made once, the same for everybody, refused where it cannot be trusted.
#include "certificate_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <cstdlib>
#include <set>
#include <thread>
#include <vector>

namespace understudy {
namespace {

class RootFilesTest : public CertificateTest {
 protected:
  [[nodiscard]] Result<RootPair> open(std::chrono::sys_seconds at = now()) const {
    return open_root(paths_, at);
  }

  [[nodiscard]] std::string fingerprint() const {
    const Result<RootPair> root = open();
    return root ? certificate_facts(root->certificate.get()).sha256 : describe(root.error());
  }

  /// The sentence that refuses what is there, which names `where` and leads to exit code 3.
  [[nodiscard]] std::string refusal(const std::string& where) const {
    const Result<RootPair> root = open();
    if (root) {
      ADD_FAILURE() << "accepted";
      return "";
    }
    EXPECT_EQ(root.error().source, ErrorSource::Environment);
    EXPECT_EQ(root.error().where, where);
    return root.error().what;
  }

  void rewrite_key_file(const std::string& text) const {
    write("ca/ca-key.pem", text);
    ASSERT_EQ(::chmod(paths_.key.c_str(), 0600), 0);
  }

  /// A key file made of two pairs that do not belong together, or do.
  static std::string key_file(EVP_PKEY* key, X509* certificate) {
    return private_key_pem(key) + certificate_pem(certificate);
  }

  RootPaths paths_{path("ca")};
};

TEST_F(RootFilesTest, IsMadeOnceForThisUserAlone) {
  ::umask(0);
  const std::string first = fingerprint();
  EXPECT_EQ(mode(paths_.directory), 0700U);
  EXPECT_EQ(mode(paths_.key), 0600U);
  EXPECT_EQ(mode(paths_.certificate), 0644U);
  EXPECT_EQ(fingerprint(), first);
  EXPECT_EQ(contents(paths_.certificate).find("PRIVATE"), std::string::npos);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(paths_.directory),
                          std::filesystem::directory_iterator()),
            2);
}

TEST_F(RootFilesTest, MakesWhatIsMissingAbove) {
  const RootPaths deep(path("share/understudy/ca"));
  ASSERT_TRUE(open_root(deep, now()));
  EXPECT_EQ(mode(path("share")), 0700U);
}

TEST_F(RootFilesTest, ThreadsThatStartAtOnceGetTheSameRoot) {
  constexpr std::size_t kThreads = 8;
  std::vector<std::string> got(kThreads);
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::string& mine : got) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        mine = fingerprint();
      });
    }
  }
  EXPECT_EQ(std::set(got.begin(), got.end()), std::set{fingerprint()});
}

TEST_F(RootFilesTest, ProcessesThatStartAtOnceGetTheSameRoot) {
  constexpr int kProcesses = 6;
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      char wait = 0;
      ::close(gate[1]);
      const bool opened = ::read(gate[0], &wait, 1) == 0;  // all wait for the end of the pipe
      write("root-of-" + std::to_string(i), fingerprint());
      ::_exit(opened ? 0 : 1);
    }
    children.push_back(child);
  }
  ::close(gate[0]);
  ::close(gate[1]);
  for (const pid_t child : children) {
    int status = 1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  for (int i = 0; i < kProcesses; ++i) {
    EXPECT_EQ(contents(path("root-of-" + std::to_string(i))), fingerprint());
  }
}

TEST_F(RootFilesTest, AnExistingFileIsNeverReplaced) {
  const std::string file = path("one");
  EXPECT_TRUE(*create_file(file, "first", 0600));
  EXPECT_FALSE(*create_file(file, "second", 0600));
  EXPECT_EQ(contents(file), "first");
  ASSERT_TRUE(replace_file(file, "third", 0644));
  EXPECT_EQ(contents(file), "third");
}

TEST_F(RootFilesTest, AKeyThatOthersMayReadIsRefusedAndLeftAlone) {
  const std::string first = fingerprint();
  for (const mode_t open_mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod(paths_.key.c_str(), open_mode), 0);
    EXPECT_NE(refusal(paths_.key).find("chmod 600"), std::string::npos);
    EXPECT_EQ(mode(paths_.key), open_mode);
  }
  ASSERT_EQ(::chmod(paths_.key.c_str(), 0400), 0);
  EXPECT_EQ(fingerprint(), first);
}

TEST_F(RootFilesTest, ADirectoryThatCannotBeWrittenIsNamed) {
  const std::string file = write("file", "");
  paths_ = RootPaths(file + "/understudy/ca");
  const std::string what = refusal(file + "/understudy");
  EXPECT_NE(what.find("XDG_DATA_HOME"), std::string::npos) << what;
  paths_ = RootPaths(file);
  EXPECT_NE(refusal(file + "/ca-key.pem").find("XDG_DATA_HOME"), std::string::npos);
}

TEST_F(RootFilesTest, DamageIsNamed) {
  ASSERT_TRUE(open());
  const std::string whole = contents(paths_.key);
  const std::size_t certificate = whole.find("-----BEGIN CERTIFICATE");
  std::string broken = whole;
  broken.replace(broken.find('\n') + 5, 20, "!!!!!!!!!!!!!!!!!!!!");
  for (const std::string& text :
       {std::string(), std::string("this is no key\n"), whole.substr(0, whole.size() / 5),
        whole.substr(0, certificate), whole.substr(certificate), whole.substr(0, certificate + 90),
        broken}) {
    rewrite_key_file(text);
    EXPECT_NE(refusal(paths_.key).find("delete"), std::string::npos) << text;
  }
  rewrite_key_file(std::string(70'000, 'x'));
  EXPECT_NE(refusal(paths_.key).find("larger than 65536 bytes; to start"), std::string::npos);
  rewrite_key_file(whole);
  EXPECT_TRUE(open());
}

TEST_F(RootFilesTest, AKeyWithAnothersCertificateIsRefused) {
  ASSERT_TRUE(open());
  const Result<EvpKeyPtr> key = make_ecdsa_key();
  const Result<RootPair> root = open();
  rewrite_key_file(key_file(key->get(), root->certificate.get()));
  EXPECT_NE(refusal(paths_.key).find("do not belong together"), std::string::npos);
}

TEST_F(RootFilesTest, ACertificateThatSignsNothingIsRefused) {
  const Result<RootPair> root = open();
  const Result<EvpKeyPtr> key = make_ecdsa_key();
  const ServerName name = server_name("a.example");
  const Result<X509Ptr> leaf = make_leaf({root->certificate.get(), root->key.get()}, key->get(),
                                         {&name, 1}, {now(), now() + std::chrono::hours{1}});
  ASSERT_TRUE(leaf);
  rewrite_key_file(key_file(key->get(), leaf->get()));
  EXPECT_NE(refusal(paths_.key).find("may not sign"), std::string::npos);
}

TEST_F(RootFilesTest, AnExpiredRootIsRefused) {
  ASSERT_TRUE(open());
  EXPECT_TRUE(open(now() + std::chrono::days{3650}));
  const Result<RootPair> late = open(now() + std::chrono::days{3660});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().source, ErrorSource::Environment);
  EXPECT_NE(late.error().what.find("expired on"), std::string::npos);
}

TEST_F(RootFilesTest, TheCertificateFileIsWrittenAnew) {
  ASSERT_TRUE(open());
  const std::string before = contents(paths_.certificate);
  std::filesystem::remove(paths_.certificate);
  ASSERT_TRUE(open());
  EXPECT_EQ(contents(paths_.certificate), before);
}

TEST_F(RootFilesTest, AnotherCertificateFileIsNotOverwritten) {
  ASSERT_TRUE(open());
  const Result<RootPair> other = open_root(RootPaths(path("other")), now());
  ASSERT_TRUE(other);
  const std::string theirs = certificate_pem(other->certificate.get());
  write("ca/ca.pem", theirs);
  EXPECT_NE(refusal(paths_.certificate).find("is not the certificate of the key"),
            std::string::npos);
  EXPECT_EQ(contents(paths_.certificate), theirs);
  write("ca/ca.pem", "rubbish");
  EXPECT_NE(refusal(paths_.certificate).find("no certificate in PEM"), std::string::npos);
}

TEST_F(RootFilesTest, FollowsTheBaseDirectorySpecification) {
  ::setenv("HOME", "/home-of-user", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(*default_root_directory(), "/data/understudy/ca");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_EQ(*default_root_directory(), "/home-of-user/.local/share/understudy/ca");
  ::unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(*default_root_directory(), "/home-of-user/.local/share/understudy/ca");
  ::setenv("HOME", "nowhere", 1);
  EXPECT_FALSE(default_root_directory());
}

}  // namespace
}  // namespace understudy
