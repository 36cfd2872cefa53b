#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {
namespace {

struct Lanes {
  static constexpr std::size_t kWidth = 16;
  __m512 v;

  static Lanes load(const float* at) { return {_mm512_loadu_ps(at)}; }
  static Lanes all(float value) { return {_mm512_set1_ps(value)}; }
  void store(float* at) const { _mm512_storeu_ps(at, v); }
};

inline Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Lanes larger(Lanes a, Lanes b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline std::uint32_t at_least(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ); }
inline std::uint32_t above(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ); }

}  // namespace
}  // namespace alignlab::kernels

#include "search/kernels/scan_body.h"

namespace alignlab::kernels {

const ScanKernels kScanAvx512{scan_groups, scan_above, scan_ranks, scan_column_ranks};

}  // namespace alignlab::kernels
