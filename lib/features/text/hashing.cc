// hashing: word counts without a vocabulary (Weinberger et al., "Feature Hashing for Large Scale
// Multitask Learning", ICML 2009). With h the XXH3-128 of a word's bytes, the word's f(c), f the
// Frequency of the options, is added to column low(h) mod width, or subtracted where the highest
// bit of high(h) is set, so that words which meet in a column cancel in the mean. Words that train
// has not seen count too.
//
// With `idf`, column j is weighted by smoothed_idf of the training texts whose row is not 0 there.
// That is all this kind learns.

#include <algorithm>

#include "core/hash.h"
#include "features/makers.h"
#include "features/text/vocabulary.h"

namespace alignlab::features {
namespace {

struct Entry {
  std::int32_t column = 0;
  double value = 0.0;
};

/// The part that depends on the text alone.
class WordHasher {
 public:
  explicit WordHasher(const Section& options)
      : width_(static_cast<std::size_t>(options.integer("width"))), frequency_(options) {}

  std::size_t width() const { return width_; }

  /// What is not 0, by ascending column.
  std::vector<Entry> operator()(std::vector<std::string> words) const {
    std::ranges::sort(words);
    std::vector<Entry> entries;
    for (auto first = words.begin(); first != words.end();) {
      const auto last =
          std::find_if(first, words.end(), [&](const std::string& word) { return word != *first; });
      entries.push_back(entry_of(*first, static_cast<std::int32_t>(last - first)));
      first = last;
    }
    return summed(std::move(entries));
  }

 private:
  Entry entry_of(const std::string& word, std::int32_t count) const {
    const Hash128 hash = hash_of(word);
    const double value = frequency_(count);
    return {static_cast<std::int32_t>(hash.low % width_), hash.high >> 63U ? -value : value};
  }

  static std::vector<Entry> summed(std::vector<Entry> entries) {
    // Stable, so that values are added in the order of their words: the same sum always.
    std::ranges::stable_sort(entries, {}, &Entry::column);
    std::vector<Entry> out;
    for (const Entry& entry : entries) {
      if (!out.empty() && out.back().column == entry.column) {
        out.back().value += entry.value;
      } else {
        out.push_back(entry);
      }
    }
    std::erase_if(out, [](const Entry& entry) { return entry.value == 0.0; });
    return out;
  }

  std::size_t width_;
  Frequency frequency_;
};

class HashedWords : public Extractor {
 public:
  /// `weights` of the columns; none where all are 1.
  HashedWords(Tokenizer tokenizer, WordHasher hasher, std::vector<float> weights)
      : tokenizer_(std::move(tokenizer)), hasher_(hasher), weights_(std::move(weights)) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    SparseRows rows;
    rows.cols = hasher_.width();
    for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
      for (const auto& [column, value] : hasher_(words)) {
        const double weight = weights_.empty() ? 1.0 : weights_[static_cast<std::size_t>(column)];
        rows.columns.push_back(column);
        rows.values.push_back(static_cast<float>(value * weight));
      }
      rows.offsets.push_back(static_cast<std::int64_t>(rows.columns.size()));
      progress.advance(1);
    });
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    tokenizer_.save(file, group);
    file.write<float>(group + "/weights", weights_);
  }

 private:
  Tokenizer tokenizer_;
  WordHasher hasher_;
  std::vector<float> weights_;
};

class Hashing : public FeatureKind {
 public:
  explicit Hashing(const Section& options) : options_(options) {}

  bool learns() const override { return options_.flag("idf"); }
  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    Tokenizer tokenizer(options_);
    const WordHasher hasher(options_);
    std::vector<float> weights;
    if (options_.flag("idf")) weights = column_weights(train, tokenizer, hasher, progress);
    return std::make_unique<HashedWords>(std::move(tokenizer), hasher, std::move(weights));
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<HashedWords>(Tokenizer(options_, file, group), WordHasher(options_),
                                         file.read<float>(group + "/weights"));
  }

 private:
  static std::vector<float> column_weights(const RawItems& train, const Tokenizer& tokenizer,
                                           const WordHasher& hasher, Progress& progress) {
    std::vector<std::int64_t> texts_with(hasher.width(), 0);
    for_each_text(train, tokenizer, progress, [&](const std::vector<std::string>& words) {
      for (const Entry& entry : hasher(words)) {
        ++texts_with[static_cast<std::size_t>(entry.column)];
      }
    });
    std::vector<float> weights;
    for (const std::int64_t with : texts_with) {
      weights.push_back(static_cast<float>(smoothed_idf(train.size(), with)));
    }
    return weights;
  }

  Section options_;
};

}  // namespace

FeatureKindPtr make_hashing(const Section& options) { return std::make_unique<Hashing>(options); }

}  // namespace alignlab::features
