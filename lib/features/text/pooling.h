#pragma once

// One row for a text from the vectors of its words, as the options pooling_options() of
// features/catalog.cc want it. Over the words w of a text that have a vector v(w), each as often as
// it stands there:
//
//   mean  sum v(w) / n
//   idf   sum idf(w) v(w) / sum idf(w), idf as in features/text/vocabulary.h; a word that no
//         training text has counts as standing in none
//   sif   s = sum a / (a + p(w)) v(w) / n, then s - u (u . s): the smooth inverse frequency of
//   Arora,
//         Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR 2017.
//         a is `smoothing`, p(w) the share of the training words that are w, u the first right
//         singular vector of the rows s of the training texts
//   max   the largest of each column
//
// Words without a vector are skipped; a text without any has a row of zeros. Sums are in double and
// in the order of the text.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "core/hdf5.h"
#include "core/matrix.h"
#include "features/text/vocabulary.h"

namespace alignlab::features {

/// All words of the training texts, in byte order.
struct CountedWords {
  StringColumn words;
  std::vector<std::int64_t> occurrences;
  std::vector<std::int64_t> texts_with;
  std::int64_t texts = 0;
  std::int64_t tokens = 0;
};

CountedWords count_words(const RawItems& train, const Tokenizer& tokenizer, Progress& progress);

/// Words with a vector each.
struct WordTable {
  StringColumn words;
  Matrix vectors;
};

/// Gives those vectors that there are of `words`, which stand in no training text.
using LookUp = std::function<WordTable(const std::vector<std::string>& words, Progress& progress)>;

class PooledWords {
 public:
  /// `vectors` are of words of the training texts. Notes the share of the training words that have
  /// one, and warns where it is less than half. DataError where it is none; `source` says in
  /// messages where vectors come from.
  static PooledWords fit(const Section& options, const RawItems& train, Tokenizer tokenizer,
                         const CountedWords& counts, WordTable vectors, std::string_view source,
                         Progress& progress);
  static PooledWords load(const Section& options, const H5File& file, const std::string& group);
  void save(H5File& file, const std::string& group) const;

  /// [items, width of the vectors]. `look_up` is called at most once, and not without new words;
  /// empty where words of no training text have no vector. Advances `progress` by one an item.
  Matrix rows(const RawItems& items, const LookUp& look_up, Progress& progress) const;

 private:
  enum class How { kMean, kIdf, kSif, kMax };
  struct Known;

  PooledWords(const Section& options, Tokenizer tokenizer, StringColumn words);
  static How how(const Section& options);
  void weigh(const CountedWords& counts, double smoothing);
  void say_coverage(const CountedWords& counts, std::string_view source, Progress& progress) const;
  std::vector<std::string> new_words(const RawItems& items, Progress& progress) const;
  void pool(const std::vector<Known>& words, std::span<float> out) const;

  How how_;
  Tokenizer tokenizer_;
  Vocabulary vocabulary_;           // all words of the training texts
  std::vector<std::int32_t> rows_;  // of vectors_ for each of them; -1: it has none
  Matrix vectors_;
  std::vector<double> weights_;  // for each of them, and at the end for words that are new
  Matrix component_;             // what sif removes [1, width]; else no rows
};

}  // namespace alignlab::features
