#include <immintrin.h>

#include "search/kernels/hamming.h"

namespace alignlab::kernels {

void hamming_avx512(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                    std::size_t words, std::uint16_t* distances) {
  for (std::size_t j = 0; j < count; ++j, items += words) {
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t w = 0; w < words; w += 8) {
      const std::size_t left = words - w;
      const auto mask = static_cast<__mmask8>(left >= 8 ? 0xFFU : (1U << left) - 1U);
      const __m512i differ = _mm512_xor_si512(_mm512_maskz_loadu_epi64(mask, query + w),
                                              _mm512_maskz_loadu_epi64(mask, items + w));
      sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(differ));
    }
    distances[j] = static_cast<std::uint16_t>(_mm512_reduce_add_epi64(sum));
  }
}

}  // namespace alignlab::kernels
