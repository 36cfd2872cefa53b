#pragma once

// Products of rounded vectors ("codes"), the fast part of a certified search. A call scores one
// panel of queries with a run of item panels: out[q * stride + j] is the dot product of the codes
// of query q and of item j, rounded to float once at the end.
//
// Integer codes are accumulated exactly: the rounding of vectors (search/codes.h) keeps to the
// limits below, under which no intermediate sum can overflow. bfloat16 and float32 codes are
// accumulated in float32, in any order.

#include <cstddef>
#include <cstdint>

namespace alignlab::kernels {

enum class Code { kInt8, kInt16, kBfloat16, kFloat32 };

/// Code e of row r of a panel lies at ((e / group) * rows + r) * group + e % group. With a group of
/// 0 rows lie one after the other.
struct PanelLayout {
  std::size_t rows;
  std::size_t group;
};

struct DotsArguments {
  const void* queries;        // one panel
  std::size_t query_count;    // rows of it that are wanted, the first ones
  const void* items;          // item_panels panels
  const std::int32_t* start;  // what each item's sum starts from, or null: 0
  std::size_t item_panels;
  std::size_t depth;  // codes a row, a multiple of the kernel's
  float* out;         // room for all rows of the panel
  std::size_t stride;
};

/// Says by its own name for an instruction set which path it was.
using Dots = const char* (*)(const DotsArguments&);

struct DotsKernel {
  const char* isa;
  const char* name;  // of the codes
  Code code;
  Dots dots;
  PanelLayout queries;
  PanelLayout items;
  std::size_t depth_multiple;
  std::size_t strip_panels;  // item panels a call at most, so that `out` stays in a near cache
  int query_limit;           // largest magnitude of an integer code
  int item_limit;
  int query_offset;  // added to the codes of queries, so that they are unsigned
  /// Where products of pairs are summed in 16 bits first: the most that the squares of the eight
  /// codes (with offset) that one 16-bit sum takes may add up to, or 0. By Cauchy and Schwarz, no
  /// sum leaves 16 bits.
  std::int64_t query_chunk_limit;
  std::int64_t item_chunk_limit;
  double products_a_cycle;  // about; what a choice between codes weighs
};

const char* dots_int8_portable(const DotsArguments& a);
const char* dots_int16_portable(const DotsArguments& a);
const char* dots_int8_avx2(const DotsArguments& a);
const char* dots_int16_avx2(const DotsArguments& a);
const char* dots_int8_avx512(const DotsArguments& a);
const char* dots_int16_avx512(const DotsArguments& a);
const char* dots_int8_amx(const DotsArguments& a);
const char* dots_bfloat16_amx(const DotsArguments& a);

}  // namespace alignlab::kernels
