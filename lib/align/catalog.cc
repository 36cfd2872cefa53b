#include "align/aligner.h"
#include "align/options/options.h"

namespace alignlab {
namespace align {

Options random_options() {
  return {{.name = "width",
           .summary = "of the embeddings",
           .fallback = std::int64_t{64},
           .least = 1,
           .most = 65536}};
}

Options no_options() { return {}; }

}  // namespace align

namespace {

const std::vector<FeatureForm> kRows{FeatureForm::kDense, FeatureForm::kSparse};
const std::vector<FeatureForm> kAnyForm{FeatureForm::kDense, FeatureForm::kSparse,
                                        FeatureForm::kTokens, FeatureForm::kPixels};

}  // namespace

void check_aligner(const std::string& name, const Section& options,
                   const std::array<FeatureForm, 2>& forms, const Place& place) {
  if (name == "mlp-mse") align::check_mlp_mse(options, place);
  if (name == "contrastive") align::check_contrastive(options, forms, place);
}

const std::vector<AlignerRow>& aligner_catalog() {
  using namespace align;  // NOLINT: the options that aligners.def names
  static const std::vector<AlignerRow> kAll{
#define ALIGNER(name, maker, options, learns, draws, forms, summary) \
  {name, summary, options, learns, draws, forms},
#include "align/aligners.def"
#undef ALIGNER
  };
  return kAll;
}

}  // namespace alignlab
