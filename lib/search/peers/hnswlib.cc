#include "search/peers/hnswlib.h"

#include <hnswlib/hnswlib.h>

#include "search/peers/rows.h"

namespace alignlab::peers {
namespace {

class HnswlibIndex final : public SearchIndex {
 public:
  HnswlibIndex(const Section& options, const Gallery& gallery, int threads)
      : biased_(!gallery.bias.empty()),
        items_(gallery.vectors.rows()),
        threads_(threads),
        space_(gallery.vectors.cols() + (biased_ ? 1 : 0)),
        graph_(&space_, std::max<std::size_t>(1, items_),
               static_cast<std::size_t>(options.integer("links")),
               static_cast<std::size_t>(options.integer("build_width"))) {
    graph_.setEf(static_cast<std::size_t>(options.integer("search_width")));
    const Matrix wide = biased_ ? widened(gallery.vectors, gallery.bias, 0.0F) : Matrix();
    const MatrixView rows = biased_ ? MatrixView(wide) : MatrixView(gallery.vectors);
    if (items_ == 0) return;
    // Links depend on the order of insertion, so it is not left to threads.
    for (std::size_t i = 0; i < items_; ++i) graph_.addPoint(rows.row(i).data(), i);
  }

  TopK top_k(MatrixView queries, std::size_t k) override {
    TopK out = nothing_found(queries.rows(), std::min(k, items_));
    if (out.k == 0) return out;
    const Matrix wide = biased_ ? widened(queries, {}, 1.0F) : Matrix();
    const MatrixView rows = biased_ ? MatrixView(wide) : queries;
    const auto count = static_cast<std::int64_t>(rows.rows());
#pragma omp parallel for num_threads(threads_) schedule(dynamic, 8)
    for (std::int64_t i = 0; i < count; ++i) {
      const auto query = static_cast<std::size_t>(i);
      auto found = graph_.searchKnn(rows.row(query).data(), out.k);
      // Farthest first.
      for (std::size_t r = found.size(); r > 0; --r, found.pop()) {
        out.ids[query * out.k + r - 1] = static_cast<std::int32_t>(found.top().second);
        out.scores[query * out.k + r - 1] = 1.0 - static_cast<double>(found.top().first);
      }
    }
    return out;
  }

  std::size_t bytes() const override { return items_ * graph_.size_data_per_element_; }

 private:
  bool biased_;
  std::size_t items_;
  int threads_;
  hnswlib::InnerProductSpace space_;
  hnswlib::HierarchicalNSW<float> graph_;
};

}  // namespace

std::unique_ptr<SearchIndex> hnswlib_index(const Section& options, const Gallery& gallery,
                                           int threads) {
  return std::make_unique<HnswlibIndex>(options, gallery, threads);
}

}  // namespace alignlab::peers
