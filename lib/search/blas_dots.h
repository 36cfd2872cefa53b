#pragma once

// Products by the machine's BLAS, as the kernel "blas" filters by. Private to this module.

#include "search/kernels/dots.h"

namespace alignlab {

kernels::DotsKernel blas_dots();

}  // namespace alignlab
