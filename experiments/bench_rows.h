#pragma once

// What the benches of searches share: rows to search, the machine's BLAS as a yardstick, and FAISS
// held to the instruction set that is being measured.

#include <functional>

#include "search/search.h"

namespace alignlab::bench {

/// Random directions of length 1, by rows of normal numbers.
Gallery unit_rows(std::size_t rows, std::size_t columns, const char* purpose);

/// Images and captions that lie around them, closer than chance but not closest, as a fair model
/// leaves them. Of the images only the first rows are there; captions of the others are candidates.
struct CaptionedShape {
  std::size_t rows, images, captions, columns;
};
struct CaptionedRows {
  Gallery images, captions;
  Relevance of_images, of_captions;
};
CaptionedRows captioned_rows(const CaptionedShape& shape);

double seconds_of(const std::function<void()>& work);

/// Of a large product of matrices of floats: the best of a few.
double blas_gflops(int threads);

/// Where ALIGNLAB_ISA names an instruction set below the machine's, starts this program again with
/// OpenBLAS held to it: it chooses its kernels once, when it is loaded.
void hold_blas_to_isa(char** arguments);

}  // namespace alignlab::bench
