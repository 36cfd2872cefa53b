#pragma once

// The words that a text kind knows, learned from the training texts alone, and what the weightings
// of words share. All of it runs on the calling thread: cutting and counting a caption takes a few
// microseconds.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/progress.h"
#include "core/raw_items.h"
#include "core/string_column.h"
#include "features/text/tokenizer.h"

namespace alignlab::features {

struct WordCount {
  std::int32_t word = 0;
  std::int32_t count = 0;
};

/// Words with their numbers, from 0 in the order given.
class Vocabulary {
 public:
  explicit Vocabulary(StringColumn words);

  std::size_t size() const { return words_.size(); }
  const StringColumn& words() const { return words_; }
  /// Nothing for a word that is not in the vocabulary.
  std::optional<std::int32_t> number(const std::string& word) const;
  /// How often each word of the vocabulary stands among `words`, by ascending number.
  std::vector<WordCount> counts(const std::vector<std::string>& words) const;

 private:
  StringColumn words_;
  std::unordered_map<std::string, std::int32_t> numbers_;
};

struct TrainingWords {
  StringColumn vocabulary;               // in byte order
  std::vector<std::int64_t> texts_with;  // for each word of the vocabulary
  std::size_t texts = 0;
  std::size_t tokens = 0;  // of all texts, in the vocabulary or not
};

/// The words of at least `min_count` training texts, and of these the `max_features` that stand in
/// most texts (0: all), among equals the first in byte order. DataError where there is none.
TrainingWords training_words(const RawItems& train, const Tokenizer& tokenizer,
                             const Section& options, Progress& progress);

/// What a word that stands `count` > 0 times in a text counts for: `count`, 1 + ln(count) with the
/// option `sublinear`, 1 with `binary`.
class Frequency {
 public:
  explicit Frequency(const Section& options);
  double operator()(std::int32_t count) const;

 private:
  bool sublinear_;
  bool binary_;
};

/// ln((1 + texts) / (1 + texts_with)) + 1: the smoothed inverse document frequency of
/// scikit-learn's documentation, "Tf-idf term weighting".
double smoothed_idf(std::size_t texts, std::int64_t texts_with);

/// Calls work(words of the item) in item order. `progress` is asked now and then whether to stop.
void for_each_text(const RawItems& items, const Tokenizer& tokenizer, Progress& progress,
                   const std::function<void(const std::vector<std::string>& words)>& work);

}  // namespace alignlab::features
