#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {
namespace {

struct Lanes {
  static constexpr std::size_t kWidth = 8;
  __m256 v;

  static Lanes load(const float* at) { return {_mm256_loadu_ps(at)}; }
  static Lanes all(float value) { return {_mm256_set1_ps(value)}; }
  void store(float* at) const { _mm256_storeu_ps(at, v); }
};

inline Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Lanes larger(Lanes a, Lanes b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline std::uint32_t at_least(Lanes a, Lanes b) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ)));
}
inline std::uint32_t above(Lanes a, Lanes b) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)));
}

}  // namespace
}  // namespace alignlab::kernels

#include "search/kernels/scan_body.h"

namespace alignlab::kernels {

const ScanKernels kScanAvx2{scan_groups, scan_above, scan_ranks, scan_column_ranks};

}  // namespace alignlab::kernels
