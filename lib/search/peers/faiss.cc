#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>

#include <cmath>

#include "search/approximate.h"
#include "search/peers/hnswlib.h"
#include "search/peers/rows.h"

namespace alignlab {
namespace {

/// FAISS takes as many threads as OpenMP gives it.
class Threads {
 public:
  explicit Threads(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
  ~Threads() { omp_set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

class FaissIndex final : public SearchIndex {
 public:
  FaissIndex(const std::string& name, const Section& options, const Gallery& gallery, int threads)
      : biased_(!gallery.bias.empty()), items_(gallery.vectors.rows()), threads_(threads) {
    const Threads set(threads);
    const Matrix wide = biased_ ? peers::widened(gallery.vectors, gallery.bias, 0.0F) : Matrix();
    const MatrixView rows = biased_ ? MatrixView(wide) : MatrixView(gallery.vectors);
    const auto columns = static_cast<faiss::Index::idx_t>(rows.cols());
    bytes_ = rows.rows() * rows.cols() * sizeof(float);
    if (name == "faiss-ivf") {
      std::size_t lists = static_cast<std::size_t>(options.integer("lists"));
      if (lists == 0) lists = static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(items_)));
      lists = std::clamp<std::size_t>(lists, 1, std::max<std::size_t>(1, items_));
      coarse_ = std::make_unique<faiss::IndexFlatIP>(columns);
      auto index = std::make_unique<faiss::IndexIVFFlat>(
          coarse_.get(), static_cast<std::size_t>(columns), lists, faiss::METRIC_INNER_PRODUCT);
      index->nprobe = static_cast<std::size_t>(options.integer("probes"));
      // It warns of lists that few items train; that is for whoever chose them.
      index->cp.min_points_per_centroid = 1;
      bytes_ += lists * rows.cols() * sizeof(float) + items_ * sizeof(faiss::Index::idx_t);
      index_ = std::move(index);
    } else if (name == "faiss-hnsw") {
      const auto links = static_cast<int>(options.integer("links"));
      auto index = std::make_unique<faiss::IndexHNSWFlat>(static_cast<int>(columns), links,
                                                          faiss::METRIC_INNER_PRODUCT);
      index->hnsw.efConstruction = static_cast<int>(options.integer("build_width"));
      index->hnsw.efSearch = static_cast<int>(options.integer("search_width"));
      bytes_ += items_ * static_cast<std::size_t>(2 * links) * sizeof(std::int32_t);
      index_ = std::move(index);
    } else {
      index_ = std::make_unique<faiss::IndexFlatIP>(columns);
    }
    if (items_ == 0) return;
    const auto count = static_cast<faiss::Index::idx_t>(items_);
    index_->train(count, rows.data());
    index_->add(count, rows.data());
  }

  TopK top_k(MatrixView queries, std::size_t k) override {
    TopK out = peers::nothing_found(queries.rows(), std::min(k, items_));
    if (out.ids.empty()) return out;
    const Threads set(threads_);
    const Matrix wide = biased_ ? peers::widened(queries, {}, 1.0F) : Matrix();
    const MatrixView rows = biased_ ? MatrixView(wide) : queries;
    std::vector<float> scores(out.ids.size());
    std::vector<faiss::Index::idx_t> ids(out.ids.size());
    index_->search(static_cast<faiss::Index::idx_t>(rows.rows()), rows.data(),
                   static_cast<faiss::Index::idx_t>(out.k), scores.data(), ids.data());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0) continue;
      out.ids[i] = static_cast<std::int32_t>(ids[i]);
      out.scores[i] = scores[i];
    }
    return out;
  }

  std::size_t bytes() const override { return bytes_; }

 private:
  bool biased_;
  std::size_t items_;
  int threads_;
  std::size_t bytes_ = 0;
  std::unique_ptr<faiss::Index> coarse_;  // of the index, which does not own it
  std::unique_ptr<faiss::Index> index_;
};

}  // namespace

std::unique_ptr<SearchIndex> peer_index(const std::string& name, const Section& options,
                                        const Gallery& gallery, int threads) {
  if (name == "hnswlib") return peers::hnswlib_index(options, gallery, threads);
  return std::make_unique<FaissIndex>(name, options, gallery, threads);
}

}  // namespace alignlab
