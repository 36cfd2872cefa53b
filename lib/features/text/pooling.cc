#include "features/text/pooling.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/error.h"
#include "core/lines.h"
#include "linear/truncated_svd.h"

namespace alignlab::features {
namespace {

constexpr double kScarce = 0.5;

}  // namespace

CountedWords count_words(const RawItems& train, const Tokenizer& tokenizer, Progress& progress) {
  struct Seen {
    std::int64_t occurrences = 0;
    std::int64_t texts = 0;
    std::int64_t last_text = 0;  // from 1
  };
  CountedWords out;
  std::map<std::string, Seen> seen;
  for_each_text(train, tokenizer, progress, [&](const std::vector<std::string>& words) {
    ++out.texts;
    out.tokens += static_cast<std::int64_t>(words.size());
    for (const std::string& word : words) {
      Seen& now = seen[word];
      ++now.occurrences;
      if (now.last_text != out.texts) ++now.texts;
      now.last_text = out.texts;
    }
  });
  for (const auto& [word, now] : seen) {
    out.words.push_back(word);
    out.occurrences.push_back(now.occurrences);
    out.texts_with.push_back(now.texts);
  }
  return out;
}

struct PooledWords::Known {
  std::span<const float> vector;
  double weight = 1.0;
};

PooledWords::How PooledWords::how(const Section& options) {
  const std::string& name = options.text("pooling");
  if (name == "idf") return How::kIdf;
  if (name == "sif") return How::kSif;
  return name == "max" ? How::kMax : How::kMean;
}

PooledWords::PooledWords(const Section& options, Tokenizer tokenizer, StringColumn words)
    : how_(how(options)), tokenizer_(std::move(tokenizer)), vocabulary_(std::move(words)) {}

PooledWords PooledWords::fit(const Section& options, const RawItems& train, Tokenizer tokenizer,
                             const CountedWords& counts, WordTable vectors, std::string_view source,
                             Progress& progress) {
  PooledWords out(options, std::move(tokenizer), counts.words);
  out.rows_.assign(counts.words.size(), -1);
  for (std::size_t i = 0; i < vectors.words.size(); ++i) {
    const auto number = out.vocabulary_.number(std::string(vectors.words[i]));
    out.rows_[static_cast<std::size_t>(*number)] = static_cast<std::int32_t>(i);
  }
  out.vectors_ = std::move(vectors.vectors);
  out.component_ = Matrix(0, out.vectors_.cols());
  out.weigh(counts, options.real("smoothing"));
  out.say_coverage(counts, source, progress);
  if (out.how_ == How::kSif) {
    Silent silent;
    const Matrix rows = out.rows(train, {}, silent);
    out.component_ = Matrix(1, rows.cols());
    const auto found = leading_directions(rows, 1, Rng(0, "sif component"));
    std::ranges::copy(found.directions.values(), out.component_.values().begin());
  }
  return out;
}

void PooledWords::weigh(const CountedWords& counts, double smoothing) {
  const auto weight = [&](std::int64_t occurrences, std::int64_t texts_with) {
    if (how_ == How::kIdf) return smoothed_idf(static_cast<std::size_t>(counts.texts), texts_with);
    if (how_ != How::kSif) return 1.0;
    return smoothing /
           (smoothing + static_cast<double>(occurrences) /
                            static_cast<double>(std::max<std::int64_t>(1, counts.tokens)));
  };
  for (std::size_t w = 0; w < counts.words.size(); ++w) {
    weights_.push_back(weight(counts.occurrences[w], counts.texts_with[w]));
  }
  weights_.push_back(weight(0, 0));
}

void PooledWords::say_coverage(const CountedWords& counts, std::string_view source,
                               Progress& progress) const {
  std::int64_t known = 0;
  for (std::size_t w = 0; w < rows_.size(); ++w) {
    if (rows_[w] >= 0) known += counts.occurrences[w];
  }
  if (known == 0) {
    throw DataError(
        fmt::format("{}: expected vectors of words of the training texts, found none", source));
  }
  const double share = static_cast<double>(known) / static_cast<double>(counts.tokens);
  const std::string text =
      fmt::format("{}: vectors for {:.1f} % of the training words ({} of {} different ones)",
                  source, 100.0 * share, with_commas(vectors_.rows()), with_commas(rows_.size()));
  if (share < kScarce) {
    progress.warn(text);
  } else {
    progress.note(text);
  }
}

PooledWords PooledWords::load(const Section& options, const H5File& file,
                              const std::string& group) {
  PooledWords out(options, Tokenizer(options, file, group), file.read_strings(group + "/words"));
  out.rows_ = file.read<std::int32_t>(group + "/rows");
  out.vectors_ = file.read_matrix(group + "/vectors");
  out.weights_ = file.read<double>(group + "/weights");
  out.component_ = file.read_matrix(group + "/component");
  return out;
}

void PooledWords::save(H5File& file, const std::string& group) const {
  tokenizer_.save(file, group);
  file.write_strings(group + "/words", vocabulary_.words());
  file.write<std::int32_t>(group + "/rows", rows_);
  file.write_matrix(group + "/vectors", vectors_);
  file.write<double>(group + "/weights", weights_);
  file.write_matrix(group + "/component", component_);
}

std::vector<std::string> PooledWords::new_words(const RawItems& items, Progress& progress) const {
  std::set<std::string> found;
  for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (!vocabulary_.number(word)) found.insert(word);
    }
  });
  return {found.begin(), found.end()};
}

Matrix PooledWords::rows(const RawItems& items, const LookUp& look_up, Progress& progress) const {
  WordTable looked_up;
  if (look_up) {
    const std::vector<std::string> words = new_words(items, progress);
    if (!words.empty()) looked_up = look_up(words, progress);
  }
  const Vocabulary others(std::move(looked_up.words));
  Matrix out(items.size(), vectors_.cols());
  std::vector<Known> known;
  std::size_t item = 0;
  for_each_text(items, tokenizer_, progress, [&](const std::vector<std::string>& words) {
    known.clear();
    for (const std::string& word : words) {
      if (const auto number = vocabulary_.number(word)) {
        const auto w = static_cast<std::size_t>(*number);
        if (rows_[w] < 0) continue;
        known.push_back({vectors_.row(static_cast<std::size_t>(rows_[w])), weights_[w]});
      } else if (const auto other = others.number(word)) {
        known.push_back({std::as_const(looked_up.vectors).row(static_cast<std::size_t>(*other)),
                         weights_.back()});
      }
    }
    if (!known.empty()) pool(known, out.row(item));
    ++item;
    progress.advance(1);
  });
  return out;
}

void PooledWords::pool(const std::vector<Known>& words, std::span<float> out) const {
  const double first = how_ == How::kMax ? -std::numeric_limits<double>::infinity() : 0.0;
  std::vector<double> sums(out.size(), first);
  double weights = 0.0;
  for (const Known& word : words) {
    weights += word.weight;
    for (std::size_t j = 0; j < sums.size(); ++j) {
      const double value = word.weight * word.vector[j];
      sums[j] = how_ == How::kMax ? std::max(sums[j], value) : sums[j] + value;
    }
  }
  const double divisor = how_ == How::kMax   ? 1.0
                         : how_ == How::kIdf ? weights
                                             : static_cast<double>(words.size());
  for (double& sum : sums) sum /= divisor;
  if (component_.rows() > 0) {
    const auto direction = component_.row(0);
    double along = 0.0;
    for (std::size_t j = 0; j < sums.size(); ++j) along += direction[j] * sums[j];
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] -= along * direction[j];
  }
  for (std::size_t j = 0; j < sums.size(); ++j) out[j] = static_cast<float>(sums[j]);
}

}  // namespace alignlab::features
