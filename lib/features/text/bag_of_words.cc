// bow and tfidf. The vocabulary is the words of at least `min_count` training texts, in byte order;
// idf(w) = ln((1 + n) / (1 + df(w))) + 1 over the n training texts (the smoothed form of
// scikit-learn's documentation, "Tf-idf term weighting").

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "features/makers.h"
#include "features/text/tokenizer.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kTextsBetweenChecks = 1024;

class WordCounter : public Extractor {
 public:
  WordCounter(StringColumn vocabulary, std::vector<float> weights, bool sublinear)
      : vocabulary_(std::move(vocabulary)), weights_(std::move(weights)), sublinear_(sublinear) {
    for (std::size_t w = 0; w < vocabulary_.size(); ++w) {
      index_.emplace(vocabulary_[w], static_cast<std::int32_t>(w));
    }
  }

  Features extract(const RawItems& items, int, Progress& progress) const override {
    SparseRows rows;
    rows.cols = vocabulary_.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) progress.check();
      std::map<std::int32_t, int> counts;
      for (const std::string& word : words_of(items.content(i))) {
        const auto found = index_.find(word);
        if (found != index_.end()) ++counts[found->second];
      }
      for (const auto& [word, count] : counts) {
        const double frequency = sublinear_ ? 1.0 + std::log(count) : count;
        rows.columns.push_back(word);
        rows.values.push_back(
            static_cast<float>(frequency * weights_[static_cast<std::size_t>(word)]));
      }
      rows.offsets.push_back(static_cast<std::int64_t>(rows.columns.size()));
      progress.advance(1);
    }
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write_strings(group + "/vocabulary", vocabulary_);
    file.write<float>(group + "/weights", weights_);
  }

 private:
  StringColumn vocabulary_;
  std::vector<float> weights_;
  bool sublinear_;
  std::unordered_map<std::string, std::int32_t> index_;
};

class WordCounts : public FeatureKind {
 public:
  WordCounts(const Section& options, bool weighted)
      : min_count_(options.integer("min_count")),
        sublinear_(options.flag("sublinear")),
        weighted_(weighted) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    std::map<std::string, std::int64_t> texts_with;
    for (std::size_t i = 0; i < train.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) progress.check();
      const std::vector<std::string> words = words_of(train.content(i));
      for (const std::string& word : std::set<std::string>(words.begin(), words.end())) {
        ++texts_with[word];
      }
    }
    StringColumn vocabulary;
    std::vector<float> weights;
    for (const auto& [word, count] : texts_with) {
      if (count < min_count_) continue;
      vocabulary.push_back(word);
      const double idf =
          std::log((1.0 + static_cast<double>(train.size())) / (1.0 + static_cast<double>(count))) +
          1.0;
      weights.push_back(weighted_ ? static_cast<float>(idf) : 1.0F);
    }
    if (vocabulary.size() == 0) {
      throw DataError(
          fmt::format("no word occurs in at least {} of the {} training texts (option min_count)",
                      min_count_, train.size()));
    }
    return std::make_unique<WordCounter>(std::move(vocabulary), std::move(weights), sublinear_);
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<WordCounter>(file.read_strings(group + "/vocabulary"),
                                         file.read<float>(group + "/weights"), sublinear_);
  }

 private:
  std::int64_t min_count_;
  bool sublinear_;
  bool weighted_;
};

}  // namespace

FeatureKindPtr make_bag_of_words(const Section& options) {
  return std::make_unique<WordCounts>(options, false);
}

FeatureKindPtr make_tfidf(const Section& options) {
  return std::make_unique<WordCounts>(options, true);
}

}  // namespace alignlab::features
