#pragma once

// What the tests of importers share whose items are rows of matrices.

#include "data/npy.h"
#include "tests/data/import_fixture.h"
#include "tests/data/matrix_fixtures.h"

namespace alignlab::tests {

inline std::vector<float> values_of(const Matrix& matrix) {
  return {matrix.values().begin(), matrix.values().end()};
}

class VectorImport : public ImportTest {
 protected:
  using ImportTest::ImportTest;

  void write_matrix(const std::string& name, std::size_t rows, const std::vector<float>& values) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_npy(folder_ / name, matrix_of(rows, values));
  }
};

}  // namespace alignlab::tests
