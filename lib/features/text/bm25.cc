// bm25: the term weights of Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
// Framework: BM25 and Beyond", Foundations and Trends in Information Retrieval 3, 2009). A word w
// that stands c > 0 times in a text of l tokens has there the value
//
//     idf(w) * c * (k1 + 1) / (c + k1 * (1 - b + b * l / m)),
//     idf(w) = ln(1 + (n - df(w) + 0.5) / (df(w) + 0.5)),
//
// n the number of training texts, df(w) of those that hold w, m their mean number of tokens. The
// weight of Robertson and Spärck Jones is without the 1 in the logarithm, and negative for words of
// more than half the texts; with it (as in Lucene's BM25Similarity) every value is positive. Tokens
// are all that the tokenizer gives, n-grams among them, in the vocabulary or not.

#include <cmath>

#include "features/makers.h"
#include "features/text/vocabulary.h"

namespace alignlab::features {
namespace {

/// What a text's length and a word's count are weighed with.
struct Saturation {
  double k1 = 0.0;
  double b = 0.0;
  double mean_tokens = 1.0;

  double operator()(std::int32_t count, std::size_t tokens) const {
    const double length = static_cast<double>(tokens) / mean_tokens;
    return count * (k1 + 1.0) / (count + k1 * (1.0 - b + b * length));
  }
};

class Bm25Extractor : public Extractor {
 public:
  Bm25Extractor(Tokenizer tokenizer, StringColumn vocabulary, std::vector<double> idf,
                Saturation saturation)
      : tokenizer_(std::move(tokenizer)),
        vocabulary_(std::move(vocabulary)),
        idf_(std::move(idf)),
        saturation_(saturation) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    SparseRows rows;
    rows.cols = vocabulary_.size();
    for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
      for (const auto& [word, count] : vocabulary_.counts(words)) {
        const double idf = idf_[static_cast<std::size_t>(word)];
        rows.columns.push_back(word);
        rows.values.push_back(static_cast<float>(idf * saturation_(count, words.size())));
      }
      rows.offsets.push_back(static_cast<std::int64_t>(rows.columns.size()));
      progress.advance(1);
    });
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    tokenizer_.save(file, group);
    file.write_strings(group + "/vocabulary", vocabulary_.words());
    file.write<double>(group + "/idf", idf_);
    file.write<double>(group + "/mean_tokens", std::vector{saturation_.mean_tokens});
  }

 private:
  Tokenizer tokenizer_;
  Vocabulary vocabulary_;
  std::vector<double> idf_;
  Saturation saturation_;
};

class Bm25 : public FeatureKind {
 public:
  explicit Bm25(const Section& options) : options_(options) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    Tokenizer tokenizer(options_);
    TrainingWords words = training_words(train, tokenizer, options_, progress);
    const auto texts = static_cast<double>(words.texts);
    std::vector<double> idf;
    for (const std::int64_t texts_with : words.texts_with) {
      const auto with = static_cast<double>(texts_with);
      idf.push_back(std::log(1.0 + (texts - with + 0.5) / (with + 0.5)));
    }
    return std::make_unique<Bm25Extractor>(std::move(tokenizer), std::move(words.vocabulary),
                                           std::move(idf),
                                           saturation(static_cast<double>(words.tokens) / texts));
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<Bm25Extractor>(
        Tokenizer(options_, file, group), file.read_strings(group + "/vocabulary"),
        file.read<double>(group + "/idf"),
        saturation(file.read<double>(group + "/mean_tokens").at(0)));
  }

 private:
  Saturation saturation(double mean_tokens) const {
    return {options_.real("k1"), options_.real("b"), mean_tokens};
  }

  Section options_;
};

}  // namespace

FeatureKindPtr make_bm25(const Section& options) { return std::make_unique<Bm25>(options); }

}  // namespace alignlab::features
