// word-vectors: texts from the vectors of their words in a file, pooled (features/text/pooling.h).
// Vectors of words of the training texts are saved with the extractor. Other texts hold words that
// the training texts lack: for these the file is read again, and must be the one that was fitted
// with.

#include <fmt/format.h>

#include "core/error.h"
#include "features/makers.h"
#include "features/text/pooling.h"
#include "features/text/word_vectors.h"

namespace alignlab::features {
namespace {

struct VectorFile {
  std::filesystem::path path;
  bool any_case = true;
};

class Pretrained : public Extractor {
 public:
  Pretrained(PooledWords words, VectorFile file, std::string hash)
      : words_(std::move(words)), file_(std::move(file)), hash_(std::move(hash)) {}

  Features extract(const RawItems& items, int, Progress& progress) const override {
    const auto look_up = [this](const std::vector<std::string>& words, Progress& shown) {
      WordVectors found = read_word_vectors(file_.path, words, file_.any_case, shown);
      if (found.hash.hex() != hash_) {
        throw DataError(fmt::format(
            "{}: is not the file that the words were learned with: expected content {}, found {}",
            file_.path.string(), hash_, found.hash.hex()));
      }
      return WordTable{std::move(found.words), std::move(found.vectors)};
    };
    return words_.rows(items, look_up, progress);
  }

  void save(H5File& file, const std::string& group) const override {
    words_.save(file, group);
    file.set_attribute(group, "file_hash", hash_);
  }

 private:
  PooledWords words_;
  VectorFile file_;
  std::string hash_;
};

class PretrainedKind : public FeatureKind {
 public:
  explicit PretrainedKind(const Section& options)
      : options_(options), file_{options.text("file"), options.flag("any_case")} {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress& progress) const override {
    Tokenizer tokenizer(options_);
    const CountedWords counts = count_words(train, tokenizer, progress);
    std::vector<std::string> words;
    for (std::size_t w = 0; w < counts.words.size(); ++w) words.emplace_back(counts.words[w]);
    WordVectors found = read_word_vectors(file_.path, words, file_.any_case, progress);
    return std::make_unique<Pretrained>(
        PooledWords::fit(options_, train, std::move(tokenizer), counts,
                         {std::move(found.words), std::move(found.vectors)}, file_.path.string(),
                         progress),
        file_, found.hash.hex());
  }

  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    return std::make_unique<Pretrained>(PooledWords::load(options_, file, group), file_,
                                        file.text_attribute(group, "file_hash"));
  }

 private:
  Section options_;
  VectorFile file_;
};

}  // namespace

FeatureKindPtr make_word_vectors(const Section& options) {
  return std::make_unique<PretrainedKind>(options);
}

}  // namespace alignlab::features
