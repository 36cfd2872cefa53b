#include "search/codes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace alignlab {
namespace {

using kernels::Code;
using kernels::DotsKernel;

// Rows this much smaller than the largest of their side are left to their bound.
constexpr int kLeastExponent = -60;
// Added, in parts of the whole, to norms and residuals that were summed in float32.
constexpr double kNormSlack = 1.0 / 1024;
// Of an interval's evaluation in float32, in parts of the product of the norms.
constexpr double kEvaluation = 0x1p-20;

constexpr float kTiny = 0x1p-100F;  // what bfloat16 codes hold; below, hardware flushes

struct RowBounds {
  float scale = 0.0F;
  double norm = 0.0;      // of the row
  double coded = 0.0;     // of what its codes stand for
  double residual = 0.0;  // of the difference
};

float bfloat16_of(float value) {
  if (std::abs(value) < kTiny) return 0.0F;
  auto bits = std::bit_cast<std::uint32_t>(value);
  bits += 0x7FFFU + ((bits >> 16) & 1U);
  return std::bit_cast<float>(bits & 0xFFFF0000U);
}

/// Floats rounded to the code; returns the sum of the squares of what that took away.
float round_to_floats(std::span<const float> values, Code code, std::span<float> codes) {
  double residuals = 0.0;
  for (std::size_t e = 0; e < values.size(); ++e) {
    codes[e] = code == Code::kBfloat16 ? bfloat16_of(values[e]) : values[e];
    const double rest = static_cast<double>(values[e]) - codes[e];
    residuals += rest * rest;
  }
  return static_cast<float>(residuals);
}

struct Scratch {
  std::vector<float> values;
  std::vector<float> floats;  // codes of these kinds
  std::vector<std::int16_t> integers;
};

bool is_integer(Code code) { return code == Code::kInt8 || code == Code::kInt16; }

/// Integer codes of values whose largest magnitude is `largest`; their scale, and in `residuals`
/// the sum of the squares of what rounding took away.
float round_to_integers(float largest, float squares, const DotsKernel& kernel,
                        const kernels::RoundingKernels& rounding, bool query, Scratch& scratch,
                        float* residuals) {
  double limit = query ? kernel.query_limit : kernel.item_limit;
  // So that sums of products stay in 32 bits, by Cauchy and Schwarz.
  if (kernel.code == Code::kInt16) limit = std::min(limit, 46000.0 * largest / std::sqrt(squares));
  const auto most = static_cast<double>(query ? kernel.query_chunk_limit : kernel.item_chunk_limit);
  for (;;) {
    const auto scale = static_cast<float>(largest / limit);
    *residuals = rounding.round(scratch.values.data(), scratch.values.size(), scale,
                                static_cast<float>(limit / largest), scratch.integers.data());
    if (most == 0.0) return scale;
    const double chunk = rounding.largest_chunk(scratch.integers.data(), scratch.integers.size(),
                                                query ? kernel.query_offset : 0);
    if (chunk <= most) return scale;
    limit *= std::min(0.97, 0.99 * std::sqrt(most / chunk));
  }
}

/// Codes of one row into `scratch`.
RowBounds round_row(std::span<const float> row, const DotsKernel& kernel,
                    const kernels::RoundingKernels& rounding, bool query, int exponent,
                    Scratch& scratch) {
  std::ranges::fill(scratch.integers, std::int16_t{0});
  std::ranges::fill(scratch.floats, 0.0F);
  const float own = rounding.largest_magnitude(row.data(), row.size());
  if (own == 0.0F) return {};
  // To [1, 2) by a power of two, in two steps that floats can hold.
  const int up = -std::ilogb(own);
  const float first = std::ldexp(1.0F, up / 2);
  const float second = std::ldexp(1.0F, up - up / 2);
  const float squares =
      rounding.scale(row.data(), row.size(), first, second, scratch.values.data());
  const double unit = std::ldexp(1.0, exponent - up);
  RowBounds out;
  out.norm = std::sqrt(squares) * (1.0 + kNormSlack) * unit;
  if (exponent - up < kLeastExponent) {
    out.residual = out.norm;
    return out;
  }
  float residuals = 0.0F;
  float scale = 1.0F;
  if (is_integer(kernel.code)) {
    scale = round_to_integers(own * first * second, squares, kernel, rounding, query, scratch,
                              &residuals);
  } else {
    residuals = round_to_floats(scratch.values, kernel.code, scratch.floats);
  }
  // What float32 lost in each value's rest: below 2^-22 of values below 2.
  const double lost = std::sqrt(static_cast<double>(row.size())) * 0x1p-21;
  out.residual = (std::sqrt(residuals) * (1.0 + kNormSlack) + lost) * unit;
  out.coded = out.norm + out.residual;
  // A power of two times a float: exact.
  out.scale = static_cast<float>(scale * unit);
  return out;
}

std::size_t code_bytes(Code code) {
  return code == Code::kInt8 ? 1 : code == Code::kFloat32 ? 4 : 2;
}

/// Codes of a row to where they lie in its panel.
void place(const Scratch& scratch, Code code, std::size_t depth, int offset, std::size_t group,
           std::size_t stride, const kernels::RoundingKernels& rounding, std::byte* to) {
  if (code == Code::kInt8) {
    rounding.place_bytes(scratch.integers.data(), depth, offset, group, stride,
                         reinterpret_cast<std::uint8_t*>(to));
  } else if (code == Code::kInt16) {
    rounding.place_words(scratch.integers.data(), depth, group, stride,
                         reinterpret_cast<std::int16_t*>(to));
  } else if (code == Code::kFloat32) {
    std::memcpy(to, scratch.floats.data(), depth * sizeof(float));
  } else {
    // bfloat16: the upper half of the float.
    auto* halves = reinterpret_cast<std::uint16_t*>(to);
    for (std::size_t e = 0; e < depth; e += group, halves += stride) {
      for (std::size_t l = 0; l < group; ++l) {
        halves[l] =
            static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(scratch.floats[e + l]) >> 16);
      }
    }
  }
}

std::size_t rounded(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

float rounded_up(double value) {
  const auto near = static_cast<float>(value);
  if (static_cast<double>(near) >= value) return near;
  return std::nextafter(near, std::numeric_limits<float>::infinity());
}

float rounded_down(double value) { return -rounded_up(-value); }

int common_exponent(MatrixView rows, const Isa& isa, int threads) {
  float largest = 0.0F;
  const auto count = static_cast<std::int64_t>(rows.rows());
#pragma omp parallel for num_threads(threads) reduction(max : largest)
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = rows.row(static_cast<std::size_t>(i));
    largest = std::max(largest, isa.rounding->largest_magnitude(row.data(), row.size()));
  }
  return largest == 0.0F ? 0 : -std::ilogb(largest);
}

Selection all_rows(MatrixView rows) { return selection_of(rows.rows()); }

Selection selection_of(std::size_t size) {
  Selection out(size);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

CodedRows::CodedRows(MatrixView rows, std::span<const std::uint32_t> selection, const Isa& isa,
                     const DotsKernel& kernel, Side side, int exponent, int threads)
    : layout_(side == Side::kQueries ? kernel.queries : kernel.items),
      exponent_(exponent),
      columns_(rows.cols()),
      size_(selection.size()),
      depth_(rounded(rows.cols(), kernel.depth_multiple)),
      panel_bytes_(layout_.rows * depth_ * code_bytes(kernel.code)) {
  const std::size_t group = layout_.group == 0 ? depth_ : layout_.group;
  const std::size_t stride = layout_.rows * group;
  const std::size_t padded = rounded(size_, layout_.rows);
  scale_.resize(padded);
  norm_.resize(padded);
  residual_.resize(padded);
  bytes_.resize(panels() * panel_bytes_);
  if (side == Side::kItems && kernel.query_offset != 0) start_.resize(padded);
  const bool query = side == Side::kQueries;
  const auto d = static_cast<double>(rows.cols());
  // Of a sum of d products in float32, in any order; of the canonical one, in double.
  const double summed = is_integer(kernel.code) ? 0.0 : (d + 4.0) * 0x1p-24;
  const double canonical = (d + 16.0) * 0x1p-53;
  const auto count = static_cast<std::int64_t>(size_);
#pragma omp parallel num_threads(threads)
  {
    const std::size_t width = rounded(depth_, 16);
    Scratch scratch{std::vector<float>(width), std::vector<float>(width),
                    std::vector<std::int16_t>(width)};
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < count; ++i) {
      const auto r = static_cast<std::size_t>(i);
      const RowBounds bounds =
          round_row(rows.row(selection[r]), kernel, *isa.rounding, query, exponent, scratch);
      std::byte* to = bytes_.data() + r / layout_.rows * panel_bytes_ +
                      r % layout_.rows * group * code_bytes(kernel.code);
      place(scratch, kernel.code, depth_, query ? kernel.query_offset : 0, group, stride,
            *isa.rounding, to);
      if (!start_.empty()) {
        std::int32_t sum = 0;
        for (const std::int16_t code : scratch.integers) sum += code;
        start_[r] = -kernel.query_offset * sum;
      }
      scale_[r] = bounds.scale;
      if (query) {
        norm_[r] = rounded_up(bounds.coded * (1.0 + 2.0 * kEvaluation));
        residual_[r] =
            rounded_up((bounds.residual + kEvaluation * bounds.coded + canonical * bounds.norm) *
                       (1.0 + kEvaluation));
      } else {
        norm_[r] = rounded_up(bounds.norm);
        residual_[r] = rounded_up(bounds.residual + summed * bounds.coded);
      }
    }
  }
}

std::shared_ptr<const CodedRows> coded_queries(MatrixView rows, const Selection& selection,
                                               const Isa& isa, const DotsKernel& kernel,
                                               int threads) {
  return std::make_shared<CodedRows>(rows, selection, isa, kernel, CodedRows::Side::kQueries,
                                     common_exponent(rows, isa, threads), threads);
}

CodedGallery::CodedGallery(const Gallery& gallery, const Isa& isa, int threads)
    : gallery_(gallery), isa_(isa), exponent_(common_exponent(gallery.vectors, isa, threads)) {}

std::shared_ptr<const CodedRows> CodedGallery::codes(const DotsKernel& kernel, int threads) {
  auto& own = codes_[kernel.name];
  if (own == nullptr) {
    own = std::make_shared<CodedRows>(gallery_.vectors, all_rows(gallery_.vectors), isa_, kernel,
                                      CodedRows::Side::kItems, exponent_, threads);
  }
  return own;
}

std::size_t CodedGallery::bytes() const {
  std::size_t sum = 0;
  for (const auto& [name, codes] : codes_) sum += codes->bytes();
  return sum;
}

}  // namespace alignlab
