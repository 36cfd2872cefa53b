#pragma once

// What certified searches run on, for tests to go through all of it.

#include <algorithm>
#include <string>
#include <vector>

#include "search/blas_dots.h"
#include "search/isa.h"

namespace alignlab {

namespace kernels {  // of the emulation
void score_tile_emulated(const double* queries, std::size_t query_count, const double* gallery,
                         std::size_t gallery_count, std::size_t width, double* out,
                         std::size_t stride);
void score_rows_emulated(const float* query, const float* const* rows, std::size_t count,
                         std::size_t cols, double* out);
void score_pairs_emulated(const float* const* queries, const float* const* rows, std::size_t count,
                          std::size_t cols, double* out);
extern const ScanKernels kScanEmulated;
extern const RoundingKernels kRoundingEmulated;
const char* dots_int8_avx512_emulated(const DotsArguments& a);
const char* dots_int16_avx512_emulated(const DotsArguments& a);
const char* dots_int8_amx_emulated(const DotsArguments& a);
const char* dots_bfloat16_amx_emulated(const DotsArguments& a);
}  // namespace kernels

namespace tests {

inline Isa emulated(const std::string& name) {
  for (Isa isa : all_isas()) {
    if (name != isa.name) continue;
    isa.score_tile = kernels::score_tile_emulated;
    isa.score_rows = kernels::score_rows_emulated;
    isa.score_pairs = kernels::score_pairs_emulated;
    isa.scan = &kernels::kScanEmulated;
    isa.rounding = &kernels::kRoundingEmulated;
    for (kernels::DotsKernel& dots : isa.dots) {
      const bool bytes = dots.code == kernels::Code::kInt8;
      if (name == "avx512") {
        dots.dots =
            bytes ? kernels::dots_int8_avx512_emulated : kernels::dots_int16_avx512_emulated;
      } else {
        dots.dots = bytes ? kernels::dots_int8_amx_emulated : kernels::dots_bfloat16_amx_emulated;
      }
    }
    return isa;
  }
  return {};
}

/// Every instruction set that kernels are written for: those of the machine, those of an emulation,
/// and one that filters by BLAS.
inline std::vector<Isa> every_isa_as_it_is() {
  std::vector<Isa> out;
  for (const Isa& isa : all_isas()) {
    if (isa.is_available()) out.push_back(isa);
  }
  out.push_back(out.back());
  out.back().dots = {blas_dots()};
#if defined(__x86_64__)
  out.push_back(emulated("avx512"));
  out.push_back(emulated("amx"));
#endif
  return out;
}

/// With strips so short that small galleries take several.
inline std::vector<Isa> every_isa() {
  std::vector<Isa> out = every_isa_as_it_is();
  for (Isa& isa : out) {
    for (kernels::DotsKernel& dots : isa.dots) {
      dots.strip_panels = std::max<std::size_t>(1, 96 / dots.items.rows);
    }
  }
  return out;
}

}  // namespace tests
}  // namespace alignlab
