// bow and tfidf: weighted word counts (features/text/word_weights.h), by rarity or not.

#include "features/makers.h"
#include "features/text/word_weights.h"

namespace alignlab::features {
namespace {

class WordCounter : public Extractor {
 public:
  explicit WordCounter(WordWeights weights) : weights_(std::move(weights)) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    return weights_.rows(items, progress);
  }
  void save(H5File& file, const std::string& group) const override { weights_.save(file, group); }

 private:
  WordWeights weights_;
};

class WordCounts : public FeatureKind {
 public:
  WordCounts(const Section& options, bool by_rarity) : options_(options), by_rarity_(by_rarity) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    return std::make_unique<WordCounter>(WordWeights::fit(options_, by_rarity_, train, progress));
  }
  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<WordCounter>(WordWeights::load(options_, file, group));
  }

 private:
  Section options_;
  bool by_rarity_;
};

}  // namespace

FeatureKindPtr make_bag_of_words(const Section& options) {
  return std::make_unique<WordCounts>(options, false);
}

FeatureKindPtr make_tfidf(const Section& options) {
  return std::make_unique<WordCounts>(options, true);
}

}  // namespace alignlab::features
