#include <immintrin.h>

#include "search/kernels/dots.h"

// Tiles of 16 rows of 64 bytes. Two tiles of queries by two of items fill four tiles of sums, so
// that each loaded tile is used twice. bfloat16 products flush subnormal numbers, which codes of
// rows scaled to [1, 2) leave far below their bounds.

namespace alignlab::kernels {
namespace {

constexpr std::size_t kRows = 32;       // of a panel, of either side
constexpr std::size_t kTileBytes = 64;  // a row of a tile

// A constant, so that no store to it can be moved behind the instruction that reads it: GCC 12
// tells the compiler of eight of its bytes only.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

constexpr TileConfig kConfig;

struct Bytes {
  static void multiply() {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  static void finish(float* out, std::size_t stride) {
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < kRows; j += 16) {
        float* at = out + i * stride + j;
        _mm512_storeu_ps(at, _mm512_cvtepi32_ps(_mm512_loadu_si512(at)));
      }
    }
  }
};

struct Halves {
  static void multiply() {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  static void finish(float*, std::size_t) {}
};

// Queries: of each row 64 bytes, all 32 rows, then the next 64 bytes. Items: of each row four
// bytes, all 32 rows, and so on: 16 such lines are two tiles side by side.
template <typename Codes>
void panel(const char* x, const char* g, std::size_t row_bytes, float* out, std::size_t stride) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t e = 0; e < row_bytes; e += kTileBytes) {
    const char* queries = x + e * kRows;
    const char* items = g + e * kRows;
    _tile_loadd(4, queries, kTileBytes);
    _tile_loadd(6, items, 2 * kTileBytes);
    _tile_loadd(7, items + kTileBytes, 2 * kTileBytes);
    _tile_loadd(5, queries + 16 * kTileBytes, kTileBytes);
    Codes::multiply();
  }
  const std::size_t out_bytes = stride * sizeof(float);
  _tile_stored(0, out, out_bytes);
  _tile_stored(1, out + 16, out_bytes);
  _tile_stored(2, out + 16 * stride, out_bytes);
  _tile_stored(3, out + 16 * stride + 16, out_bytes);
  Codes::finish(out, stride);
}

template <typename Codes>
const char* dots(const DotsArguments& a, std::size_t row_bytes) {
  _tile_loadconfig(&kConfig);
  for (std::size_t p = 0; p < a.item_panels; ++p) {
    panel<Codes>(static_cast<const char*>(a.queries),
                 static_cast<const char*>(a.items) + p * kRows * row_bytes, row_bytes,
                 a.out + p * kRows, a.stride);
  }
  _tile_release();
  return "amx";
}

}  // namespace

const char* dots_int8_amx(const DotsArguments& a) { return dots<Bytes>(a, a.depth); }
const char* dots_bfloat16_amx(const DotsArguments& a) { return dots<Halves>(a, 2 * a.depth); }

}  // namespace alignlab::kernels
