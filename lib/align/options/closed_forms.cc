#include "align/options/options.h"

namespace alignlab::align {
namespace {

Option ridge_option(const char* name, const char* whose, double fallback) {
  return {.name = name, .summary = whose, .fallback = fallback, .least = 0.0};
}

Option directions_option(std::int64_t fallback) {
  return {.name = "width",
          .summary = "directions kept",
          .fallback = fallback,
          .least = 1,
          .most = 65536};
}

Options canonical_options(std::int64_t width) {
  return {directions_option(width),
          ridge_option("first_ridge",
                       "of the first modality, in units of its columns' mean variance", 1.0),
          ridge_option("second_ridge", "of the second modality, likewise", 1.0)};
}

}  // namespace

Options ridge_options() {
  return {{.name = "direction",
           .summary = "of the map, between the modalities in the order image, audio, text; both "
                      "sets the two comparisons side by side",
           .fallback = std::string("to-second"),
           .choices = {"to-second", "to-first", "both"}},
          ridge_option("ridge", "in units of the source columns' mean variance", 1.0)};
}

Options procrustes_options() { return {directions_option(128)}; }

Options cca_options() {
  Options options = canonical_options(128);
  options.push_back({.name = "weighting",
                     .summary = "directions are weighted by this power of their correlations",
                     .fallback = 1.0,
                     .least = 0.0,
                     .most = 64.0});
  return options;
}

Options csa_options() { return canonical_options(128); }

Options asif_options() {
  return {{.name = "anchors",
           .summary = "training pairs that items are compared with, at most; the width",
           .fallback = std::int64_t{8192},
           .least = 1,
           .most = 1000000},
          {.name = "neighbours",
           .summary = "anchors that an item keeps",
           .fallback = std::int64_t{800},
           .least = 1},
          {.name = "power",
           .summary = "of similarities to anchors",
           .fallback = 8.0,
           .least = 0.01,
           .most = 64.0}};
}

}  // namespace alignlab::align
