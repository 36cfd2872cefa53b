#include "align/makers.h"

#include <algorithm>
#include <iterator>

namespace alignlab {
namespace {

struct Maker {
  const char* name;
  align::AlignerPtr (*make)(const Section&, const TrainOptions&);
};

constexpr Maker kMakers[] = {
#define ALIGNER(name, maker, options, learns, draws, forms, summary) {name, align::maker},
#include "align/aligners.def"
#undef ALIGNER
};

}  // namespace

std::unique_ptr<Aligner> make_aligner(const std::string& name, const Section& options,
                                      const TrainOptions& train) {
  return std::ranges::find(kMakers, name, &Maker::name)->make(options, train);
}

}  // namespace alignlab
