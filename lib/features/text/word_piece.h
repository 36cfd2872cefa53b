#pragma once

// Texts as numbers of word pieces, as BERT and its relatives read them: Devlin, Chang, Lee and
// Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
// NAACL 2019, with the published tokenization of https://github.com/google-research/bert
// (tokenization.py): control characters vanish; with `lower`, letters are made lower case and lose
// their accents; each punctuation character and each ideograph is a word. A word is cut, from its
// beginning, into the longest pieces that the vocabulary has, where a piece that does not begin the
// word is written "##piece" (Wu et al., "Google's Neural Machine Translation System", 2016). A word
// that cannot be cut so, or has more than 100 characters, is [UNK].
//
// Names of special tokens that stand in a text are cut like any other word.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alignlab::features {

/// The words before they are cut into pieces.
std::vector<std::string> basic_words(std::string_view text, bool lower);

class WordPieces {
 public:
  /// Reads a token a line, numbered from 0; of equal ones the last counts. DataError where the file
  /// cannot be read, is not UTF-8, or has no [UNK].
  WordPieces(const std::filesystem::path& vocabulary, bool lower);

  /// At most `max_length` numbers, from the beginning; around them [CLS] and [SEP], which count,
  /// where the vocabulary has them and the length has room for both.
  std::vector<std::int64_t> numbers(std::string_view text, std::size_t max_length) const;
  /// That of [PAD], or 0.
  std::int64_t padding() const { return padding_; }

 private:
  struct Piece {
    std::int64_t number = 0;
    std::size_t end = 0;  // in the word
  };
  std::optional<Piece> longest_piece(std::string_view word, std::size_t begin) const;
  void add_pieces(std::string_view word, std::vector<std::int64_t>& out) const;

  std::unordered_map<std::string, std::int64_t> tokens_;
  bool lower_;
  std::size_t longest_ = 0;  // bytes of a token
  std::int64_t unknown_ = 0;
  std::int64_t padding_ = 0;
  std::int64_t first_ = -1;  // -1: the vocabulary lacks it or its counterpart
  std::int64_t last_ = -1;
};

}  // namespace alignlab::features
