#pragma once

// Vectors rounded to the few bits that fast products take, with bounds of what rounding lost.
// Private to this module.
//
// A row x, times a power of two that all rows of its side share, is scale * codes + rest. With both
// sides so,
//
//   |x.g - x'.g'| <= |x - x'| |g| + |x'| |g - g'|      (x' = scale * codes)
//
// and what the factors below add covers every rounding on the way: of codes, norms and scales, of
// sums of products in float32 where codes are not integers, of the evaluation of an interval
// (kernels/scan.h), and of the canonical score itself.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/matrix.h"
#include "search/isa.h"

namespace alignlab {

/// e such that the largest magnitude in `rows`, times 2^e, lies in [1, 2); 0 where all are 0.
int common_exponent(MatrixView rows, const Isa& isa, int threads);

/// More codes a row than this might sum to more than 32 bits hold; such rows are not coded.
constexpr std::size_t kMostColumns = 32768;

/// Which rows of a matrix, in which order.
using Selection = std::vector<std::uint32_t>;
Selection selection_of(std::size_t size);  // 0, 1, ...
Selection all_rows(MatrixView rows);

/// On whole cache lines, as the scans read them.
using Floats = std::vector<float, AlignedAllocator<float, 64>>;

class CodedRows {
 public:
  enum class Side { kQueries, kItems };

  CodedRows(MatrixView rows, std::span<const std::uint32_t> selection, const Isa& isa,
            const kernels::DotsKernel& kernel, Side side, int exponent, int threads);

  /// That of the shared power of two.
  int exponent() const { return exponent_; }
  std::size_t bytes() const { return bytes_.size() + 4 * (start_.size() + 3 * scale_.size()); }
  std::size_t columns() const { return columns_; }
  /// How many were selected; arrays go on to whole panels, with rows of scale 0.
  std::size_t size() const { return size_; }
  std::size_t panels() const { return scale_.size() / layout_.rows; }
  std::size_t depth() const { return depth_; }
  std::size_t row_bytes() const { return panel_bytes_ / layout_.rows; }
  const void* panel(std::size_t index) const { return bytes_.data() + index * panel_bytes_; }
  /// What sums of products with queries of unsigned codes start from; null where nothing is due.
  const std::int32_t* start(std::size_t panel) const {
    return start_.empty() ? nullptr : start_.data() + panel * layout_.rows;
  }

  /// In units of the shared power of two, and for intervals as kernels/scan.h makes them: norms of
  /// items, or of what the codes of queries stand for, and what rounding lost.
  std::span<const float> scale() const { return scale_; }
  std::span<const float> norm() const { return norm_; }
  std::span<const float> residual() const { return residual_; }

 private:
  kernels::PanelLayout layout_;
  int exponent_;
  std::size_t columns_;
  std::size_t size_;
  std::size_t depth_;
  std::size_t panel_bytes_;
  std::vector<std::byte, AlignedAllocator<std::byte, 64>> bytes_;
  std::vector<std::int32_t, AlignedAllocator<std::int32_t, 64>> start_;
  Floats scale_;
  Floats norm_;
  Floats residual_;
};

std::shared_ptr<const CodedRows> coded_queries(MatrixView rows, const Selection& selection,
                                               const Isa& isa, const kernels::DotsKernel& kernel,
                                               int threads);

/// A gallery with the codes that searches of it have made so far, so that the next ones need not
/// make them again. Not for several threads at a time.
class CodedGallery {
 public:
  /// Both outlive this.
  CodedGallery(const Gallery& gallery, const Isa& isa, int threads);

  const Gallery& gallery() const { return gallery_; }
  const Isa& isa() const { return isa_; }
  int exponent() const { return exponent_; }
  std::shared_ptr<const CodedRows> codes(const kernels::DotsKernel& kernel, int threads);
  std::size_t bytes() const;  // of codes
  /// Which ones a search of so many best candidates chose; null where none has, or none was worth
  /// it.
  const kernels::DotsKernel*& choice_for(std::size_t k) { return choices_[k]; }

 private:
  const Gallery& gallery_;
  const Isa& isa_;
  int exponent_;
  std::map<std::string, std::shared_ptr<const CodedRows>> codes_;  // by their name
  std::map<std::size_t, const kernels::DotsKernel*> choices_;
};

/// The float at or next above, or below, a number.
float rounded_up(double value);
float rounded_down(double value);

}  // namespace alignlab
