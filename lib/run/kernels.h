#pragma once

// What [eval] says about the search: its kernel, exact or approximate, and what the approximate
// ones can be told, as eval.kernel_<option>.

#include <string>
#include <vector>

#include "config/options.h"

namespace alignlab {

/// Of both kinds, by name.
std::vector<CatalogRow> all_kernels();
bool is_exact_kernel(const std::string& name);

/// Every option of an approximate kernel, once, by the name it has in [eval].
const Options& kernel_options();
/// The kernels that read the option of this name in [eval]; empty if it is none of kernel_options.
std::vector<std::string> kernels_that_read(const std::string& option);
/// What [eval] tells its kernel, by the kernel's own names.
Section told_to_kernel(const Section& eval);

}  // namespace alignlab
