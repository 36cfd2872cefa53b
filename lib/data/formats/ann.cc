// The HDF5 files of ann-benchmarks (Aumueller, Bernhardsson, Faithfull: "ANN-Benchmarks: A
// Benchmarking Tool for Approximate Nearest Neighbor Algorithms", Information Systems 87, 2020):
// `train` [n,d] holds candidates, `test` [q,d] queries, `neighbors` [q,k] the rows of each query's
// nearest candidates, nearest first; attribute `distance` says by which distance.
//
// Queries and candidates become two modalities, so that one direction of retrieval is the
// benchmark: by default queries are texts and candidates images (option `modalities`). All are of
// test. A query is of the group of its nearest neighbour, so pairs are nearest neighbours; the
// first `neighbours` of each are judgements of grade 1.

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/lines.h"
#include "data/formats/matrix_parts.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kQueriesABlock = 1024;

class Importer {
 public:
  Importer(const ImportRequest& request, const fs::path& path, Progress& progress)
      : request_(request),
        path_(path),
        progress_(progress),
        modalities_(two_modalities("ann", request)),
        candidates_(open_matrix(path, "train")),
        queries_(open_matrix(path, "test")),
        neighbours_(open_integers(path, "neighbors")),
        distance_(text_attribute(path, "distance")),
        writer_(request.out,
                {request.out.stem().string(),
                 fmt::format("ann: {}{}", path.filename().string(),
                             distance_.empty() ? "" : ", distance " + distance_),
                 ""},
                writer_options(request)) {
    check_shapes();
  }

  ImportSummary run() {
    for (std::size_t i = 0; i < candidates_->rows(); ++i) {
      if (i % kQueriesABlock == 0) progress_.check();
      writer_.add_bare(modalities_.second,
                       {fmt::to_string(i), static_cast<std::int32_t>(i), split()});
    }
    writer_.write_judgements(modalities_.first, modalities_.second, add_queries());
    store(candidates_, modalities_.second);
    store(queries_, modalities_.first);
    return finish(writer_, progress_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", path_.string(), what));
  }

  void check_shapes() const {
    check_item_count(path_, std::max(candidates_->rows(), queries_->rows()));
    if (candidates_->cols() != queries_->cols()) {
      fail(fmt::format("expected 'test' as wide as 'train', {} columns, found {}",
                       candidates_->cols(), queries_->cols()));
    }
    if (neighbours_->rows() != queries_->rows()) {
      fail(fmt::format("expected a row of 'neighbors' for each of {} of 'test', found {}",
                       queries_->rows(), neighbours_->rows()));
    }
    if (neighbours_->cols() < wanted()) {
      fail(fmt::format("expected at least {} columns of 'neighbors' (--neighbours), found {}",
                       wanted(), neighbours_->cols()));
    }
    if (queries_->rows() == 0 || candidates_->rows() == 0) {
      fail(fmt::format("expected queries and candidates, found {} and {}", queries_->rows(),
                       candidates_->rows()));
    }
  }

  Split split() const { return request_.split ? Split::kNone : Split::kTest; }

  std::size_t wanted() const {
    return static_cast<std::size_t>(request_.options.integer("neighbours"));
  }

  std::vector<Judgement> add_queries() {
    std::vector<Judgement> judgements;
    std::vector<std::int64_t> block;
    const std::size_t width = neighbours_->cols();
    for (std::size_t first = 0; first < queries_->rows(); first += kQueriesABlock) {
      progress_.check();
      const std::size_t count = std::min(kQueriesABlock, queries_->rows() - first);
      block.resize(count * width);
      neighbours_->read_rows(first, block);
      for (std::size_t i = 0; i < count; ++i) {
        add_query(first + i, std::span<const std::int64_t>(block).subspan(i * width, wanted()),
                  judgements);
      }
    }
    return judgements;
  }

  void add_query(std::size_t query, std::span<const std::int64_t> nearest,
                 std::vector<Judgement>& judgements) {
    for (std::size_t k = 0; k < nearest.size(); ++k) {
      if (nearest[k] < 0 || static_cast<std::size_t>(nearest[k]) >= candidates_->rows()) {
        fail(
            fmt::format("'neighbors': row {}, column {}: expected a row of 'train', 0 to {}, "
                        "found {}",
                        query, k, candidates_->rows() - 1, nearest[k]));
      }
      if (std::ranges::find(nearest.first(k), nearest[k]) != nearest.begin() + k) {
        fail(fmt::format("'neighbors': row {}, column {}: {} comes twice", query, k, nearest[k]));
      }
      judgements.push_back(
          {static_cast<std::int32_t>(query), static_cast<std::int32_t>(nearest[k]), 1.0F});
    }
    writer_.add_bare(modalities_.first,
                     {fmt::to_string(query), static_cast<std::int32_t>(nearest[0]), split()});
  }

  void store(const std::shared_ptr<MatrixFile>& matrix, Modality modality) {
    StackedRows rows;
    rows.add(matrix);
    FeatureMatrix features = rows.features(modality, "vectors");
    if (!distance_.empty()) features.attributes.emplace("distance", distance_);
    writer_.write_features(features, progress_);
  }

  const ImportRequest& request_;
  fs::path path_;
  Progress& progress_;
  std::pair<Modality, Modality> modalities_;  // of queries, of candidates
  std::shared_ptr<MatrixFile> candidates_;
  std::shared_ptr<MatrixFile> queries_;
  std::unique_ptr<IntegerFile> neighbours_;
  std::string distance_;
  DatasetWriter writer_;
};

}  // namespace

ImportSummary import_ann(const ImportRequest& request, Progress& progress) {
  check_takes("ann", request, {});
  const std::vector<fs::path> sources = plain_sources("ann", request);
  if (sources.size() != 1) {
    throw UsageError(fmt::format("ann: expected one HDF5 file, found {} sources", sources.size()));
  }
  return Importer(request, sources[0], progress).run();
}

}  // namespace alignlab
