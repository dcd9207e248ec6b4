#pragma once

#include <filesystem>
#include <string>

namespace pathwitness {

/// A folder of its own under the system's temporary one; gone at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  /// Writes `text` to `name` in the folder, or in a folder below it, and gives the path.
  std::string Write(const std::string& name, const std::string& text) const;
  const std::filesystem::path& Path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pathwitness
