#include "search/isa.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cstdlib>

#include "core/error.h"
#include "search/blas_dots.h"

namespace alignlab {
namespace {

using kernels::Code;

// What the squares of eight codes may add up to where pairs are summed in 16 bits: 240 * 136 is
// below 2^15. Most vectors keep to both with codes that fill their range.
constexpr std::int64_t kQueryChunk = 240 * 240;
constexpr std::int64_t kItemChunk = 136 * 136;

Isa portable() {
  return {"portable",
          [] { return true; },
          kernels::score_tile_portable,
          kernels::score_rows_portable,
          kernels::score_pairs_portable,
          kernels::hamming_portable,
          &kernels::kScanPortable,
          &kernels::kRoundingPortable,
          {{.isa = "portable",
            .name = "int16",
            .code = Code::kInt16,
            .dots = kernels::dots_int16_portable,
            .queries = {4, 0},
            .items = {4, 0},
            .depth_multiple = 8,
            .strip_panels = 256,
            .query_limit = 32767,
            .item_limit = 32767,
            .query_offset = 0,
            .query_chunk_limit = 0,
            .item_chunk_limit = 0,
            .products_a_cycle = 8.0},
           {.isa = "portable",
            .name = "int8",
            .code = Code::kInt8,
            .dots = kernels::dots_int8_portable,
            .queries = {4, 0},
            .items = {4, 0},
            .depth_multiple = 8,
            .strip_panels = 256,
            .query_limit = 127,
            .item_limit = 127,
            .query_offset = 0,
            .query_chunk_limit = 0,
            .item_chunk_limit = 0,
            .products_a_cycle = 6.0}}};
}

#if defined(__x86_64__)

// Linux lets a process touch the tile registers only once it has asked. Asked where nothing else is
// forced.
bool tiles_permitted() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}

bool has_amx() {
  return has_avx512() && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
         __builtin_cpu_supports("amx-bf16") && tiles_permitted();
}

Isa avx2() {
  return {"avx2",
          has_avx2,
          kernels::score_tile_avx2,
          kernels::score_rows_avx2,
          kernels::score_pairs_avx2,
          kernels::hamming_avx2,
          &kernels::kScanAvx2,
          &kernels::kRoundingAvx2,
          {{.isa = "avx2",
            .name = "int8",
            .code = Code::kInt8,
            .dots = kernels::dots_int8_avx2,
            .queries = {8, 16},
            .items = {8, 4},
            .depth_multiple = 16,
            .strip_panels = 128,
            .query_limit = 63,
            .item_limit = 127,
            .query_offset = 64,
            .query_chunk_limit = kQueryChunk,
            .item_chunk_limit = kItemChunk,
            .products_a_cycle = 42.0},
           {.isa = "avx2",
            .name = "int16",
            .code = Code::kInt16,
            .dots = kernels::dots_int16_avx2,
            .queries = {8, 8},
            .items = {8, 2},
            .depth_multiple = 8,
            .strip_panels = 128,
            .query_limit = 32767,
            .item_limit = 32767,
            .query_offset = 0,
            .query_chunk_limit = 0,
            .item_chunk_limit = 0,
            .products_a_cycle = 22.0}}};
}

Isa avx512() {
  return {
      "avx512",
      has_avx512,
      kernels::score_tile_avx512,
      kernels::score_rows_avx512,
      kernels::score_pairs_avx512,
      __builtin_cpu_supports("avx512vpopcntdq") ? kernels::hamming_avx512 : kernels::hamming_avx2,
      &kernels::kScanAvx512,
      &kernels::kRoundingAvx512,
      {{.isa = "avx512",
        .name = "int8",
        .code = Code::kInt8,
        .dots = kernels::dots_int8_avx512,
        .queries = {12, 4},
        .items = {32, 4},
        .depth_multiple = 4,
        .strip_panels = 16,
        .query_limit = 127,
        .item_limit = 127,
        .query_offset = 128,
        .query_chunk_limit = 0,
        .item_chunk_limit = 0,
        .products_a_cycle = 100.0},
       {.isa = "avx512",
        .name = "int16",
        .code = Code::kInt16,
        .dots = kernels::dots_int16_avx512,
        .queries = {12, 2},
        .items = {32, 2},
        .depth_multiple = 2,
        .strip_panels = 16,
        .query_limit = 32767,
        .item_limit = 32767,
        .query_offset = 0,
        .query_chunk_limit = 0,
        .item_chunk_limit = 0,
        .products_a_cycle = 50.0}}};
}

Isa amx() {
  Isa out = avx512();
  out.name = "amx";
  out.is_available = has_amx;
  out.dots = {{.isa = "amx",
               .name = "int8",
               .code = Code::kInt8,
               .dots = kernels::dots_int8_amx,
               .queries = {32, 64},
               .items = {32, 4},
               .depth_multiple = 64,
               .strip_panels = 8,
               .query_limit = 127,
               .item_limit = 127,
               .query_offset = 0,
               .query_chunk_limit = 0,
               .item_chunk_limit = 0,
               .products_a_cycle = 700.0},
              {.isa = "amx",
               .name = "bfloat16",
               .code = Code::kBfloat16,
               .dots = kernels::dots_bfloat16_amx,
               .queries = {32, 32},
               .items = {32, 2},
               .depth_multiple = 32,
               .strip_panels = 8,
               .query_limit = 0,
               .item_limit = 0,
               .query_offset = 0,
               .query_chunk_limit = 0,
               .item_chunk_limit = 0,
               .products_a_cycle = 350.0}};
  return out;
}

#endif

}  // namespace

const std::vector<Isa>& all_isas() {
#if defined(__x86_64__)
  static const std::vector<Isa> kIsas{amx(), avx512(), avx2(), portable()};
#else
  static const std::vector<Isa> kIsas{portable()};
#endif
  return kIsas;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : all_isas()) {
    if (isa.is_available()) names.emplace_back(isa.name);
  }
  return names;
}

namespace {

const Isa& chosen(const std::string& forced) {
  const char* variable = std::getenv("ALIGNLAB_ISA");
  const std::string wanted = !forced.empty() ? forced : variable != nullptr ? variable : "";
  for (const Isa& isa : all_isas()) {
    if ((wanted.empty() || wanted == isa.name) && isa.is_available()) return isa;
  }
  throw UsageError(fmt::format("{}={}: not available on this machine (available: {})",
                               forced.empty() ? "ALIGNLAB_ISA" : "isa", wanted,
                               fmt::join(available_isas(), ", ")));
}

}  // namespace

Isa isa_for(const Kernel& kernel) {
  Isa out = chosen(kernel.isa);
  if (kernel.name == "scalar") out.dots.clear();
  if (kernel.name == "blas") out.dots = {blas_dots()};
  return out;
}

std::vector<std::string> available_codes(const std::string& isa) {
  std::vector<std::string> names;
  for (const kernels::DotsKernel& dots : chosen(isa).dots) names.emplace_back(dots.name);
  return names;
}

std::string selected_isa() { return chosen("").name; }

}  // namespace alignlab
