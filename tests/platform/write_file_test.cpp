#include "platform/write_file.hpp"
#include <lrfind/error.hpp>

#include "report/example.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

namespace lrfind::report {
namespace {

namespace fs = std::filesystem;

std::string write_error(const std::string& path) {
  return message_of<Error>([&] { write_file(path, "text"); });
}

std::string check_error(const std::string& path, std::size_t bytes = 1024) {
  return message_of<Error>([&] { check_writable(path, bytes); });
}

// Writing beyond `bytes` fails while this lives: what a full disk looks like, for root too.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(WriteFile, WritesAndReplacesAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "lr.json", "first, and longer");
  write_file(folder / "lr.json", std::string("a\0b", 3));
  EXPECT_EQ(contents_of(folder / "lr.json"), std::string("a\0b", 3));
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(WriteFile, KeepsTheOldFileWhenWritingFails) {
  const TemporaryFolder folder;
  write_file(folder / "lr.json", "old");
  {
    const FileSizeLimit limit(1000);
    EXPECT_THROW(write_file(folder / "lr.json", std::string(5000, 'x')), Error);
  }
  EXPECT_EQ(contents_of(folder / "lr.json"), "old");
  EXPECT_EQ(folder.entries(), 1U) << "the temporary file is removed";
}

TEST(WriteFile, ReadersAndAKilledWriterNeverLeaveHalfAFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "lr.json";
  constexpr std::size_t size = 300'000;
  write_file(path, std::string(size, 'a'));
  const pid_t writer = ::fork();
  if (writer == 0) {
    for (char letter = 'a';; letter = letter == 'a' ? 'b' : 'a') write_file(path, std::string(size, letter));
  }
  const auto whole = [&] {
    const std::string text = contents_of(path);
    return text.size() == size && text.find_first_not_of(text[0]) == std::string::npos;
  };
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(whole());
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
  EXPECT_TRUE(whole());
}

TEST(WriteFile, KeepsThePermissionsOfTheFileItReplaces) {
  const TemporaryFolder folder;
  write_file(folder / "lr.json", "old");
  ::chmod((folder / "lr.json").c_str(), 0640);
  write_file(folder / "lr.json", "new");
  struct stat status {};
  ::stat((folder / "lr.json").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST(WriteFile, FollowsSymbolicLinks) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "runs");
  fs::create_symlink("runs/1.json", folder / "latest.json");
  write_file(folder / "latest.json", "through a dangling link");
  EXPECT_EQ(contents_of(folder / "runs/1.json"), "through a dangling link");
  write_file(folder / "latest.json", "again");
  EXPECT_TRUE(fs::is_symlink(folder / "latest.json"));
  EXPECT_EQ(contents_of(folder / "runs/1.json"), "again");

  fs::create_symlink("b", folder / "a");
  fs::create_symlink("a", folder / "b");
  EXPECT_EQ(write_error(folder / "a"), "cannot write '" + (folder / "a") + "': its symbolic links lead in a circle");
}

TEST(WriteFile, WritesThroughToWhatIsNoRegularFile) {
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null")) << "the device is not replaced by a file";
  EXPECT_EQ(write_error("/dev/full"), "cannot write '/dev/full': the disk is full");

  const TemporaryFolder folder;
  ::mkfifo((folder / "fifo").c_str(), 0600);
  std::string got;
  std::thread reader([&] { got = contents_of(folder / "fifo"); });
  write_file(folder / "fifo", "through the pipe");
  reader.join();
  EXPECT_EQ(got, "through the pipe");
}

TEST(WriteFile, WritesToItsOwnOpenDescriptors) {
  const TemporaryFolder folder;
  const int fd = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(::write(fd, "before ", 7), 7);
  write_file("/dev/fd/" + std::to_string(fd), "after");
  check_writable("/dev/fd/" + std::to_string(fd));
  ::close(fd);
  EXPECT_EQ(contents_of(folder / "log"), "before after") << "as 'lrfind ... -o /dev/stdout >> log' needs";
  EXPECT_EQ(check_error("/dev/fd/987"), "cannot write '/dev/fd/987': it is not open");
}

TEST(CheckWritable, LeavesEverythingAsItIs) {
  const TemporaryFolder folder;
  check_writable(folder / "new.json");
  EXPECT_EQ(folder.entries(), 0U);
  write_file(folder / "old.json", "old");
  check_writable(folder / "old.json");
  EXPECT_EQ(contents_of(folder / "old.json"), "old");
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(CheckWritable, SaysWhyAFileCannotBeWritten) {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  EXPECT_EQ(check_error(""), "cannot write to a file with an empty name");
  EXPECT_EQ(check_error(folder / "no/lr.json"),
            "cannot write '" + (folder / "no/lr.json") + "': the folder '" + (folder / "no") + "' does not exist");
  EXPECT_EQ(check_error(folder / "file/lr.json"),
            "cannot write '" + (folder / "file/lr.json") + "': '" + (folder / "file") + "' is not a folder");
  fs::create_directory(folder / "folder");
  EXPECT_EQ(check_error(folder / "folder"),
            "cannot write '" + (folder / "folder") + "': it is a folder; name a file in it");
  EXPECT_EQ(check_error(folder / "new/"),
            "cannot write '" + (folder / "new/") + "': it names a folder; name a file in it");
  EXPECT_EQ(check_error(folder / std::string(300, 'x')),
            "cannot write '" + (folder / std::string(300, 'x')) + "': the name is too long");
  EXPECT_EQ(check_error("/proc/lr.json"), "cannot write '/proc/lr.json': no file can be made there");
  EXPECT_EQ(check_error("/dev/full"), "cannot write '/dev/full': the disk is full");
}

TEST(CheckWritable, KnowsAFullDisk) {
  const TemporaryFolder folder;
  constexpr std::size_t exabyte = std::size_t{1} << 60;
  EXPECT_EQ(check_error(folder / "lr.json", exabyte), "cannot write '" + (folder / "lr.json") + "': the disk is full");
  const FileSizeLimit limit(10);
  EXPECT_NE(check_error(folder / "lr.json"), "");
  EXPECT_EQ(folder.entries(), 0U);
}

}  // namespace
}  // namespace lrfind::report
