#pragma once

// What the benches of searches share: rows to search, the machine's BLAS as a yardstick, and FAISS
// held to the instruction set that is being measured.

#include <functional>

#include "search/search.h"

namespace alignlab::bench {

/// Random directions of length 1, by rows of normal numbers.
Gallery unit_rows(std::size_t rows, std::size_t columns, const char* purpose);

double seconds_of(const std::function<void()>& work);

/// Of a large product of matrices of floats: the best of a few.
double blas_gflops(int threads);

/// Where ALIGNLAB_ISA names an instruction set below the machine's, starts this program again with
/// OpenBLAS held to it: it chooses its kernels once, when it is loaded.
void hold_blas_to_isa(char** arguments);

}  // namespace alignlab::bench
