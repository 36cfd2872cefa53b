#pragma once

// What tests of several modules share: a folder that goes away, the message of an expected error,
// small matrices.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <typeinfo>
#include <vector>

#include "core/error.h"
#include "core/features.h"

namespace alignlab::tests {

/// A fresh folder, removed with everything in it at the end of the scope.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "alignlab-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The message of the `Expected` that `work` throws; a failed expectation for anything else.
template <typename Expected, typename Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const Expected& error) {
    EXPECT_EQ(typeid(error), typeid(Expected)) << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of error: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

/// For messages whose beginning holds a path or whose end is the system's own wording.
inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

/// What a message says after its beginning, which must be `start`.
inline std::string after(const std::string& start, const std::string& message) {
  EXPECT_EQ(message.substr(0, start.size()), start) << message;
  return message.substr(std::min(start.size(), message.size()));
}

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline Matrix matrix_of(std::size_t rows, std::size_t cols, const std::vector<float>& values) {
  Matrix out(rows, cols);
  std::ranges::copy(values, out.values().begin());
  return out;
}

/// The same rows, dense or sparse.
inline Features in_form(const Matrix& rows, FeatureForm form) {
  if (form == FeatureForm::kDense) return rows;
  SparseRows sparse;
  sparse.cols = rows.cols();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.cols(); ++j) {
      if (rows.row(i)[j] == 0.0F) continue;
      sparse.columns.push_back(static_cast<std::int32_t>(j));
      sparse.values.push_back(rows.row(i)[j]);
    }
    sparse.offsets.push_back(static_cast<std::int64_t>(sparse.columns.size()));
  }
  return sparse;
}

}  // namespace alignlab::tests
