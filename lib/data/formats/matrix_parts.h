#pragma once

// What the formats share whose items come as rows of matrices: sources in pairs of matrices, a
// split each, and matrices that are stored one below the other.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset_writer.h"
#include "data/formats/formats.h"
#include "data/matrix_file.h"

namespace alignlab {

/// Parts of one feature matrix, in the order of the items.
class StackedRows {
 public:
  /// Every row of a file, or those of `rows`. DataError naming both files where the widths differ.
  void add(std::shared_ptr<MatrixFile> file);
  void add(std::shared_ptr<MatrixFile> file, std::vector<std::size_t> rows);

  std::size_t rows() const { return rows_; }
  /// What a writer stores. Refers to this object, which must outlive it.
  FeatureMatrix features(Modality modality, const std::string& name);

 private:
  struct Part {
    std::shared_ptr<MatrixFile> file;
    std::optional<std::vector<std::size_t>> rows;
    std::size_t begin = 0;  // its first row of the whole
    std::size_t count = 0;
  };
  void append(Part part);
  void read(std::size_t first, std::span<float> out);
  static void read_part(const Part& part, std::size_t first, std::span<float> out);

  std::vector<Part> parts_;
  std::size_t rows_ = 0;
};

struct MatrixPair {
  std::optional<Split> split;  // as the user wrote it
  std::shared_ptr<MatrixFile> first;
  std::shared_ptr<MatrixFile> second;
};

/// The sources two by two. UsageError for an odd number, and a pair of which each has another
/// split. `keys`: none, one for all, or one for the first and one for the second of each pair.
std::vector<MatrixPair> open_pairs(const std::string& format, const ImportRequest& request,
                                   const std::vector<std::string>& keys);

/// UsageError unless an option names as many files as there are pairs, or none; DataError where one
/// of them is the output.
void check_one_a_pair(const std::string& format, const ImportRequest& request,
                      const std::string& option, std::size_t pairs);

/// The two modalities that option "modalities" names. UsageError unless they differ.
std::pair<Modality, Modality> two_modalities(const std::string& format,
                                             const ImportRequest& request);

/// DataError where rows cannot be numbered as items are.
void check_item_count(const std::filesystem::path& path, std::size_t items);

}  // namespace alignlab
