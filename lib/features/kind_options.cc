#include "features/kind_options.h"

namespace alignlab::features {

Option scale_option(const char* fallback) {
  return {.name = "scale",
          .summary =
              "what is done to finished rows: l2 scales each to unit length, l2-centred then takes "
              "the mean of train away, standardize gives each column mean 0 and deviation 1 over "
              "train",
          .fallback = std::string(fallback),
          .choices = {"none", "l2", "l2-centred", "standardize"}};
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
          {.name = "power",
           .summary = "entries become this power of their magnitude, and keep their sign; 0.5 "
                      "evens out activations of networks",
           .fallback = 1.0,
           .least = 0.01,
           .most = 1.0},
          scale_option("none")};
}

}  // namespace alignlab::features
