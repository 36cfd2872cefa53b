#include "features/text/word_weights.h"

namespace alignlab::features {

WordWeights::WordWeights(const Section& options, Tokenizer tokenizer, StringColumn vocabulary,
                         std::vector<float> weights)
    : tokenizer_(std::move(tokenizer)),
      vocabulary_(std::move(vocabulary)),
      weights_(std::move(weights)),
      frequency_(options) {}

WordWeights WordWeights::fit(const Section& options, bool by_rarity, const RawItems& train,
                             Progress& progress) {
  Tokenizer tokenizer(options);
  TrainingWords words = training_words(train, tokenizer, options, progress);
  std::vector<float> weights;
  for (const std::int64_t texts_with : words.texts_with) {
    weights.push_back(by_rarity ? static_cast<float>(smoothed_idf(words.texts, texts_with)) : 1.0F);
  }
  return {options, std::move(tokenizer), std::move(words.vocabulary), std::move(weights)};
}

WordWeights WordWeights::load(const Section& options, const H5File& file,
                              const std::string& group) {
  return {options, Tokenizer(options, file, group), file.read_strings(group + "/vocabulary"),
          file.read<float>(group + "/weights")};
}

void WordWeights::save(H5File& file, const std::string& group) const {
  tokenizer_.save(file, group);
  file.write_strings(group + "/vocabulary", vocabulary_.words());
  file.write<float>(group + "/weights", weights_);
}

SparseRows WordWeights::rows(const RawItems& items, Progress& progress) const {
  SparseRows rows;
  rows.cols = vocabulary_.size();
  for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
    for (const auto& [word, count] : vocabulary_.counts(words)) {
      rows.columns.push_back(word);
      rows.values.push_back(
          static_cast<float>(frequency_(count) * weights_[static_cast<std::size_t>(word)]));
    }
    rows.offsets.push_back(static_cast<std::int64_t>(rows.columns.size()));
    progress.advance(1);
  });
  return rows;
}

}  // namespace alignlab::features
