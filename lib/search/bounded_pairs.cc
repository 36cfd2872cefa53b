#include "search/bounded_pairs.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace alignlab {
namespace {

// What a thread's queries may take of the caches while the gallery streams by.
constexpr std::size_t kQueryBlockBytes = 512 * 1024;
constexpr std::size_t kItemBlockBytes = 256 * 1024;

constexpr float kNone = -std::numeric_limits<float>::infinity();

/// Rows whose codes take about so many bytes: a multiple of `multiple`, and at least that.
std::size_t rows_within(std::size_t bytes, const CodedRows& rows, std::size_t multiple) {
  const std::size_t row_bytes = std::max<std::size_t>(1, rows.row_bytes());
  return std::max(bytes / row_bytes / multiple * multiple, multiple);
}

/// Long strips tell a query's best early, but the next query finds the codes of short ones in a
/// cache. BLAS has blocks of its own.
std::size_t strip_items_for(const CodedRows& items, const kernels::DotsKernel& kernel) {
  constexpr std::size_t kLeast = 128;
  const std::size_t most = kernel.strip_panels * kernel.items.rows;
  if (kernel.code == kernels::Code::kFloat32 || most < kLeast) return most;
  return std::clamp(rows_within(kItemBlockBytes, items, kernel.items.rows), kLeast, most);
}

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

BoundedPairs::BoundedPairs(MatrixView queries, Selection query_selection, CodedGallery& gallery,
                           const kernels::DotsKernel& kernel, int threads)
    : BoundedPairs(coded_queries(queries, query_selection, gallery.isa(), kernel, threads),
                   query_selection, gallery, all_rows(gallery.gallery().vectors),
                   gallery.codes(kernel, threads), kernel, threads) {}

BoundedPairs::BoundedPairs(std::shared_ptr<const CodedRows> queries, CodedGallery& gallery,
                           const kernels::DotsKernel& kernel, int threads)
    : BoundedPairs(queries, selection_of(queries->size()), gallery,
                   all_rows(gallery.gallery().vectors), gallery.codes(kernel, threads), kernel,
                   threads) {}

BoundedPairs::BoundedPairs(MatrixView queries, Selection query_selection, CodedGallery& gallery,
                           Selection item_selection, const kernels::DotsKernel& kernel, int threads)
    : BoundedPairs(
          coded_queries(queries, query_selection, gallery.isa(), kernel, threads), query_selection,
          gallery, item_selection,
          std::make_shared<CodedRows>(gallery.gallery().vectors, item_selection, gallery.isa(),
                                      kernel, CodedRows::Side::kItems, gallery.exponent(), threads),
          kernel, threads) {}

BoundedPairs::BoundedPairs(std::shared_ptr<const CodedRows> queries, Selection query_selection,
                           CodedGallery& gallery, Selection item_selection,
                           std::shared_ptr<const CodedRows> items,
                           const kernels::DotsKernel& kernel, int threads)
    : isa_(gallery.isa()),
      kernel_(kernel),
      threads_(threads),
      query_selection_(std::move(query_selection)),
      item_selection_(std::move(item_selection)),
      queries_(std::move(queries)),
      items_(std::move(items)),
      strip_items_(strip_items_for(*items_, kernel)),
      unit_(std::ldexp(1.0, queries_->exponent() + items_->exponent())),
      usable_(true) {
  const std::vector<double>& item_bias = gallery.gallery().bias;
  const std::size_t padded = padded_items();
  bias_.assign(padded, kNone);
  // What is lost to subnormal numbers anywhere; bias is rounded once, and once more when added.
  error_.assign(padded, 0x1p-100F);
  for (std::size_t j = 0; j < items_->size(); ++j) {
    const double bias = item_bias.empty() ? 0.0 : item_bias[item_selection_[j]] * unit_;
    bias_[j] = static_cast<float>(bias);
    error_[j] = rounded_up(std::abs(bias) * 0x1p-20 + 0x1p-100);
    usable_ = usable_ && std::isfinite(bias_[j]) && std::isfinite(error_[j]);
  }
  most_.resize((padded + strip_items() - 1) / strip_items());
  for (std::size_t j = 0; j < padded; ++j) {
    Most& most = most_[j / strip_items()];
    most.norm = std::max(most.norm, items_->norm()[j]);
    most.residual = std::max(most.residual, items_->residual()[j]);
    most.error = std::max(most.error, error_[j]);
  }
  for (const CodedRows* side : {queries_.get(), items_.get()}) {
    usable_ = usable_ && all_finite(side->scale()) && all_finite(side->norm()) &&
              all_finite(side->residual());
  }
}

const char* BoundedPairs::for_each_strip(
    const std::function<void(const Strip&, int)>& visit) const {
  const std::size_t panel_queries = kernel_.queries.rows;
  const std::size_t panel_items = kernel_.items.rows;
  // Blocks of whole panels: as many queries as caches hold, but enough blocks to share out.
  std::size_t block_panels =
      rows_within(kQueryBlockBytes, *queries_, panel_queries) / panel_queries;
  const std::size_t shares = threads_ == 1 ? 1 : static_cast<std::size_t>(threads_) * 4;
  block_panels =
      std::clamp<std::size_t>((queries_->panels() + shares - 1) / shares, 1, block_panels);
  const std::size_t block_items = rows_within(kItemBlockBytes, *items_, strip_items());
  const auto blocks =
      static_cast<std::int64_t>((queries_->panels() + block_panels - 1) / block_panels);
  const char* path = kernel_.isa;

#pragma omp parallel num_threads(threads_)
  {
    const int thread = omp_get_thread_num();
    std::vector<float, AlignedAllocator<float, 64>> dots(panel_queries * strip_items());
#pragma omp for schedule(dynamic)
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::size_t first_panel = static_cast<std::size_t>(block) * block_panels;
      const std::size_t last_panel = std::min(queries_->panels(), first_panel + block_panels);
      for (std::size_t block_item = 0; block_item < padded_items(); block_item += block_items) {
        const std::size_t block_end = std::min(padded_items(), block_item + block_items);
        for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
          const std::size_t first_query = panel * panel_queries;
          const std::size_t query_count = std::min(panel_queries, queries_->size() - first_query);
          for (std::size_t first = block_item; first < block_end; first += strip_items()) {
            const std::size_t padded = std::min(strip_items(), block_end - first);
            const char* used = kernel_.dots(
                {queries_->panel(panel), query_count, items_->panel(first / panel_items),
                 items_->start(first / panel_items), padded / panel_items, queries_->depth(),
                 dots.data(), strip_items()});
            if (first == 0 && panel == 0) path = used;  // one thread alone comes here
            const Most& most = most_[first / strip_items()];
            const kernels::ScanItems at{items_->scale().data() + first,
                                        items_->norm().data() + first,
                                        items_->residual().data() + first,
                                        bias_.data() + first,
                                        error_.data() + first,
                                        most.norm,
                                        most.residual,
                                        most.error};
            const std::size_t count = std::min(padded, items_->size() - first);
            visit({first_query, query_count, first, count, padded, dots.data(), strip_items(), at},
                  thread);
          }
        }
      }
    }
  }
  return path;
}

void canonical_scores(const Isa& isa, std::span<const float> query, MatrixView rows,
                      std::span<const double> bias, std::span<const std::int32_t> which,
                      std::vector<double>& out) {
  out.resize(which.size());
  constexpr std::size_t kBatch = 64;
  const float* batch[kBatch];
  for (std::size_t first = 0; first < which.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, which.size() - first);
    for (std::size_t r = 0; r < count; ++r) {
      batch[r] = rows.data() + static_cast<std::size_t>(which[first + r]) * rows.cols();
    }
    isa.score_rows(query.data(), batch, count, query.size(), out.data() + first);
  }
  if (bias.empty()) return;
  for (std::size_t r = 0; r < which.size(); ++r) {
    out[r] += bias[static_cast<std::size_t>(which[r])];
  }
}

}  // namespace alignlab
