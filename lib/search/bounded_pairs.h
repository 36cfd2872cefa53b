#pragma once

// Two sides rounded to codes, and the products of all their pairs, strip by strip: what searches
// that certify their answer read intervals of scores from. Private to this module.

#include <functional>
#include <vector>

#include "search/codes.h"
#include "search/isa.h"
#include "search/search.h"

namespace alignlab {

/// Products of a few queries with a run of items.
struct Strip {
  std::size_t first_query;  // in the selection
  std::size_t queries;
  std::size_t first_item;  // in the selection
  std::size_t items;       // that exist
  std::size_t padded;      // that can be scanned
  const float* dots;       // a row a query
  std::size_t stride;
  kernels::ScanItems at;
};

class BoundedPairs {
 public:
  /// All items of the gallery. It and `kernel`, as the rows, outlive this.
  BoundedPairs(MatrixView queries, Selection query_selection, CodedGallery& gallery,
               const kernels::DotsKernel& kernel, int threads);
  /// Queries that have been coded before, all of them, for the same kernel.
  BoundedPairs(std::shared_ptr<const CodedRows> queries, CodedGallery& gallery,
               const kernels::DotsKernel& kernel, int threads);
  /// A sample of the items.
  BoundedPairs(MatrixView queries, Selection query_selection, CodedGallery& gallery,
               Selection item_selection, const kernels::DotsKernel& kernel, int threads);

  /// False where a bound left the range of floats, or rows are so long that sums of codes might:
  /// then nothing can be read off strips.
  bool usable() const { return usable_; }
  /// Scores times this are what strips' intervals hold: a power of two.
  double unit() const { return unit_; }
  const Isa& isa() const { return isa_; }
  const Selection& queries() const { return query_selection_; }
  const Selection& items() const { return item_selection_; }

  /// Items with those that fill the last panel; those of a strip at most.
  std::size_t padded_items() const { return items_->scale().size(); }
  std::size_t strip_items() const { return strip_items_; }
  kernels::ScanQuery query(std::size_t in_selection) const {
    return {queries_->scale()[in_selection], queries_->norm()[in_selection],
            queries_->residual()[in_selection]};
  }

  /// Calls visit(strip, thread) for all pairs. A query's strips come in item order, on one thread.
  /// Returns what the kernel calls itself.
  const char* for_each_strip(const std::function<void(const Strip&, int)>& visit) const;

 private:
  BoundedPairs(std::shared_ptr<const CodedRows> queries, Selection query_selection,
               CodedGallery& gallery, Selection item_selection,
               std::shared_ptr<const CodedRows> items, const kernels::DotsKernel& kernel,
               int threads);

  const Isa& isa_;
  const kernels::DotsKernel& kernel_;
  int threads_;
  Selection query_selection_;
  Selection item_selection_;
  std::shared_ptr<const CodedRows> queries_;
  std::shared_ptr<const CodedRows> items_;
  std::size_t strip_items_;
  double unit_;
  Floats bias_;
  Floats error_;
  struct Most {
    float norm = 0.0F;
    float residual = 0.0F;
    float error = 0.0F;
  };
  std::vector<Most> most_;  // of each strip
  bool usable_ = false;
};

/// Canonical scores of one query with some rows, each with its own of `bias` added, if any.
void canonical_scores(const Isa& isa, std::span<const float> query, MatrixView rows,
                      std::span<const double> bias, std::span<const std::int32_t> which,
                      std::vector<double>& out);

}  // namespace alignlab
