// skip-gram: texts from vectors of their words that are learned from the training texts
// (features/text/skip_gram_training.h), pooled (features/text/pooling.h).

#include "features/makers.h"
#include "features/text/pooling.h"
#include "features/text/skip_gram_training.h"

namespace alignlab::features {
namespace {

class Learned : public Extractor {
 public:
  explicit Learned(PooledWords words) : words_(std::move(words)) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    return words_.rows(items, {}, progress);
  }
  void save(H5File& file, const std::string& group) const override { words_.save(file, group); }

 private:
  PooledWords words_;
};

class SkipGramKind : public FeatureKind {
 public:
  explicit SkipGramKind(const Section& options) : options_(options) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    Tokenizer tokenizer(options_);
    const CountedWords counts = count_words(train, tokenizer, progress);
    const Vocabulary vocabulary(training_words(train, tokenizer, options_, progress).vocabulary);
    Matrix vectors =
        train_skip_gram(train, tokenizer, vocabulary, SkipGramOptions(options_), progress);
    return std::make_unique<Learned>(PooledWords::fit(options_, train, std::move(tokenizer), counts,
                                                      {vocabulary.words(), std::move(vectors)},
                                                      "skip-gram", progress));
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<Learned>(PooledWords::load(options_, file, group));
  }

 private:
  Section options_;
};

}  // namespace

FeatureKindPtr make_skip_gram(const Section& options) {
  return std::make_unique<SkipGramKind>(options);
}

}  // namespace alignlab::features
