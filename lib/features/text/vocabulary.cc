#include "features/text/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kTextsBetweenChecks = 1024;

/// A word and the number of training texts that hold it.
using WordTexts = std::pair<std::string, std::int64_t>;

void keep_most_frequent(std::vector<WordTexts>& words, std::size_t most) {
  if (words.size() <= most) return;
  std::ranges::sort(words, [](const WordTexts& a, const WordTexts& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  words.resize(most);
}

}  // namespace

Vocabulary::Vocabulary(StringColumn words) : words_(std::move(words)) {
  for (std::size_t w = 0; w < words_.size(); ++w) {
    numbers_.emplace(words_[w], static_cast<std::int32_t>(w));
  }
}

std::optional<std::int32_t> Vocabulary::number(const std::string& word) const {
  const auto found = numbers_.find(word);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<WordCount> Vocabulary::counts(const std::vector<std::string>& words) const {
  std::vector<std::int32_t> numbers;
  numbers.reserve(words.size());
  for (const std::string& word : words) {
    const auto found = numbers_.find(word);
    if (found != numbers_.end()) numbers.push_back(found->second);
  }
  std::ranges::sort(numbers);
  std::vector<WordCount> counts;
  for (const std::int32_t number : numbers) {
    if (counts.empty() || counts.back().word != number) counts.push_back({number, 0});
    ++counts.back().count;
  }
  return counts;
}

TrainingWords training_words(const RawItems& train, const Tokenizer& tokenizer,
                             const Section& options, Progress& progress) {
  struct Seen {
    std::int64_t texts = 0;
    std::size_t last_text = 0;  // from 1
  };
  TrainingWords out;
  std::unordered_map<std::string, Seen> seen;
  for_each_text(train, tokenizer, progress, [&](const std::vector<std::string>& words) {
    ++out.texts;
    out.tokens += words.size();
    for (const std::string& word : words) {
      Seen& now = seen[word];
      if (now.last_text != out.texts) ++now.texts;
      now.last_text = out.texts;
    }
  });

  const std::int64_t least = options.integer("min_count");
  std::vector<WordTexts> kept;
  for (const auto& [word, now] : seen) {
    if (now.texts >= least) kept.emplace_back(word, now.texts);
  }
  if (kept.empty()) {
    throw DataError(
        fmt::format("no word occurs in at least {} of the {} training texts (option min_count)",
                    least, train.size()));
  }
  const auto most = static_cast<std::size_t>(options.integer("max_features"));
  if (most > 0) keep_most_frequent(kept, most);
  std::ranges::sort(kept);
  for (const auto& [word, texts] : kept) {
    out.vocabulary.push_back(word);
    out.texts_with.push_back(texts);
  }
  return out;
}

Frequency::Frequency(const Section& options)
    : sublinear_(options.flag("sublinear")), binary_(options.flag("binary")) {}

double Frequency::operator()(std::int32_t count) const {
  if (binary_) return 1.0;
  return sublinear_ ? 1.0 + std::log(count) : count;
}

double smoothed_idf(std::size_t texts, std::int64_t texts_with) {
  return std::log((1.0 + static_cast<double>(texts)) / (1.0 + static_cast<double>(texts_with))) +
         1.0;
}

void for_each_text(const RawItems& items, const Tokenizer& tokenizer, Progress& progress,
                   const std::function<void(const std::vector<std::string>&)>& work) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i % kTextsBetweenChecks == 0) progress.check();
    work(tokenizer.words(items.content(i)));
  }
}

}  // namespace alignlab::features
