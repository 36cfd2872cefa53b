// tokens: texts as sequences of word numbers. The vocabulary is as in features/text/vocabulary.h;
// word w of it, from 0, has the number w + 1, and 0 is any other word.
//
// Where `vectors` asks for them, words have the vectors of a file (features/text/word_vectors.h) or
// of skip-gram (features/text/skip_gram_training.h). Words that the file lacks get random numbers,
// uniform and of the mean square of the file's (Kim, "Convolutional Neural Networks for Sentence
// Classification", EMNLP 2014), each from a stream named by the word; number 0 gets the mean of the
// vectors that are known.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/lines.h"
#include "core/rng.h"
#include "features/makers.h"
#include "features/text/skip_gram_training.h"
#include "features/text/vocabulary.h"
#include "features/text/word_vectors.h"

namespace alignlab::features {
namespace {

constexpr double kScarce = 0.5;

class Sequences : public Extractor {
 public:
  Sequences(Tokenizer tokenizer, Vocabulary vocabulary, Matrix vectors, std::size_t max_length)
      : tokenizer_(std::move(tokenizer)),
        vocabulary_(std::move(vocabulary)),
        vectors_(std::move(vectors)),
        max_length_(max_length) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    TokenSequences out;
    out.vocabulary = vocabulary_.size() + 1;
    out.vectors = vectors_;
    for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
      for (std::size_t i = 0; i < std::min(words.size(), max_length_); ++i) {
        const auto number = vocabulary_.number(words[i]);
        out.ids.push_back(number ? *number + 1 : 0);
      }
      out.offsets.push_back(static_cast<std::int64_t>(out.ids.size()));
      progress.advance(1);
    });
    return out;
  }

  void save(H5File& file, const std::string& group) const override {
    tokenizer_.save(file, group);
    file.write_strings(group + "/vocabulary", vocabulary_.words());
    file.write_matrix(group + "/vectors", vectors_);
  }

 private:
  Tokenizer tokenizer_;
  Vocabulary vocabulary_;
  Matrix vectors_;
  std::size_t max_length_;
};

/// What follows from the known vectors for number 0 and for the words without one.
struct Typical {
  std::vector<float> mean;
  double mean_square = 0.0;
};

Typical typical(const Matrix& vectors) {
  std::vector<double> sums(vectors.cols());
  double squares = 0.0;
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    for (std::size_t j = 0; j < sums.size(); ++j) {
      const double value = vectors.row(i)[j];
      sums[j] += value;
      squares += value * value;
    }
  }
  Typical out;
  for (const double sum : sums) {
    out.mean.push_back(static_cast<float>(sum / static_cast<double>(vectors.rows())));
  }
  out.mean_square = squares / static_cast<double>(vectors.values().size());
  return out;
}

/// A row for number 0 and one for each word. `known` are vectors of some of the words, at least
/// one.
Matrix embeddings(const Vocabulary& vocabulary, const Vocabulary& with_vector, const Matrix& known,
                  std::uint64_t seed) {
  const Typical usual = typical(known);
  const double reach = std::sqrt(3.0 * usual.mean_square);
  Matrix out(vocabulary.size() + 1, known.cols());
  std::ranges::copy(usual.mean, out.row(0).begin());
  for (std::size_t w = 0; w < vocabulary.size(); ++w) {
    const std::string word(vocabulary.words()[w]);
    const std::span<float> row = out.row(w + 1);
    if (const auto found = with_vector.number(word)) {
      std::ranges::copy(known.row(static_cast<std::size_t>(*found)), row.begin());
      continue;
    }
    Rng rng(seed, "vector of " + word);
    for (float& value : row) value = static_cast<float>(rng.uniform(-reach, reach));
  }
  return out;
}

class SequencesKind : public FeatureKind {
 public:
  explicit SequencesKind(const Section& options) : options_(options) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    Tokenizer tokenizer(options_);
    Vocabulary vocabulary(training_words(train, tokenizer, options_, progress).vocabulary);
    Matrix vectors = initial_vectors(train, tokenizer, vocabulary, progress);
    return sequences(std::move(tokenizer), std::move(vocabulary), std::move(vectors));
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return sequences(Tokenizer(options_, file, group),
                     Vocabulary(file.read_strings(group + "/vocabulary")),
                     file.read_matrix(group + "/vectors"));
  }

 private:
  std::unique_ptr<Extractor> sequences(Tokenizer tokenizer, Vocabulary vocabulary,
                                       Matrix vectors) const {
    return std::make_unique<Sequences>(std::move(tokenizer), std::move(vocabulary),
                                       std::move(vectors),
                                       static_cast<std::size_t>(options_.integer("max_length")));
  }

  Matrix initial_vectors(const RawItems& train, const Tokenizer& tokenizer,
                         const Vocabulary& vocabulary, Progress& progress) const {
    const std::string& source = options_.text("vectors");
    if (source == "none") return {};
    if (source == "file") return vectors_of_file(vocabulary, progress);
    const Matrix learned =
        train_skip_gram(train, tokenizer, vocabulary, SkipGramOptions(options_), progress);
    return embeddings(vocabulary, vocabulary, learned, seed());
  }

  Matrix vectors_of_file(const Vocabulary& vocabulary, Progress& progress) const {
    const std::string& path = options_.text("file");
    std::vector<std::string> words;
    for (std::size_t w = 0; w < vocabulary.size(); ++w) words.emplace_back(vocabulary.words()[w]);
    WordVectors found = read_word_vectors(path, words, options_.flag("any_case"), progress);
    if (found.words.size() == 0) {
      throw DataError(
          fmt::format("{}: expected vectors of words of the training texts, found none", path));
    }
    const std::string text =
        fmt::format("{}: vectors for {} of {} words of the vocabulary", path,
                    with_commas(found.words.size()), with_commas(words.size()));
    if (static_cast<double>(found.words.size()) < kScarce * static_cast<double>(words.size())) {
      progress.warn(text);
    } else {
      progress.note(text);
    }
    return embeddings(vocabulary, Vocabulary(std::move(found.words)), found.vectors, seed());
  }

  std::uint64_t seed() const { return static_cast<std::uint64_t>(options_.integer("seed")); }

  Section options_;
};

}  // namespace

FeatureKindPtr make_tokens(const Section& options) {
  return std::make_unique<SequencesKind>(options);
}

}  // namespace alignlab::features
