#include "features/kind_options.h"

namespace alignlab::features {

Option scale_option(const char* fallback) {
  return {.name = "scale",
          .summary =
              "what is done to finished rows: l2 scales each to unit length, standardize "
              "gives each column mean 0 and deviation 1 over train",
          .fallback = std::string(fallback),
          .choices = {"none", "l2", "standardize"}};
}

Option sparse_scale_option() {
  return {.name = "scale",
          .summary = "what is done to finished rows: l2 scales each to unit length",
          .fallback = std::string("l2"),
          .choices = {"none", "l2"}};
}

Options joined(const std::vector<Options>& parts) {
  Options out;
  for (const Options& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Options stored_options() {
  return {{.name = "name",
           .summary = "the stored feature to read",
           .fallback = std::string(),
           .required = true},
          scale_option("none")};
}

}  // namespace alignlab::features
