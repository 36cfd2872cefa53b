#pragma once

// The words of a text, as the options that every text kind has want them (tokenizer_options() in
// features/catalog.cc). In this order:
//
//   1. Normal form and, with `lower`, case folding; words and symbols
//   (features/text/segmentation.h).
//   2. `content_words` keeps English nouns, verbs, adjectives and adverbs
//      (features/text/content_words.h).
//   3. `punctuation` drops symbols or keeps each as a token, `numbers` keeps words of digits alone,
//      drops them or makes all of them the token "<number>".
//   4. `stop_words` drops the function words of a language (features/text/stop_words.def),
//      `stop_words_file` those of a file: any number of words a line, from '#' on a comment.
//   5. `stem` cuts words to stems (Porter, "An algorithm for suffix stripping", Program 14, 1980,
//   and
//      the other algorithms of Snowball, https://snowballstem.org). A word of more than 255 bytes
//      stays as it is.
//   6. `ngrams` = n adds after the words every 2, ..., n of them that now stand together, joined by
//   a
//      space, which no word holds.
//
// words() may be called from several threads.

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/options.h"
#include "core/hdf5.h"
#include "features/text/segmentation.h"

namespace alignlab::features {

class Tokenizer {
 public:
  /// Reads `stop_words_file` if there is one: DataError where it cannot be read or is not UTF-8.
  explicit Tokenizer(const Section& options);
  /// With the stop words that save() left, whatever became of the file.
  Tokenizer(const Section& options, const H5File& file, const std::string& group);

  std::vector<std::string> words(std::string_view text) const;
  void save(H5File& file, const std::string& group) const;

 private:
  enum class Numbers { kKeep, kDrop, kOne };

  explicit Tokenizer(const Section& options, std::unordered_set<std::string> stop_words);
  std::vector<Token> wanted(std::string_view text) const;
  void add_stop_words(std::string_view text);

  bool lower_;
  bool keep_symbols_;
  bool content_words_;
  Apostrophes apostrophes_;
  Numbers numbers_;
  std::string stem_;  // a language of Snowball, or empty
  std::size_t ngrams_;
  std::unordered_set<std::string> stop_words_;  // folded
};

}  // namespace alignlab::features
