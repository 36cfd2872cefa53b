#include "features/text/tokenizer.h"

#include <fmt/format.h>
#include <libstemmer.h>

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <memory>

#include "core/error.h"
#include "core/lines.h"
#include "features/text/content_words.h"

namespace alignlab::features {
namespace {

constexpr std::size_t kLongestStemmed = 255;
constexpr const char* kNumberToken = "<number>";
constexpr const char* kStopWords = "/stop_words";

struct StopWords {
  std::string_view language;
  std::string_view words;
};

constexpr StopWords kStopWordLists[] = {
#define STOP_WORDS(language, words) {language, words},
#include "features/text/stop_words.def"
#undef STOP_WORDS
};

/// One of Snowball's stemmers, which keep their working space and so serve one thread each.
class Stemmer {
 public:
  explicit Stemmer(const std::string& language)
      : stemmer_(sb_stemmer_new(language.c_str(), nullptr), &sb_stemmer_delete) {
    if (!stemmer_) {
      throw DataError(fmt::format("stem: this libstemmer has no stemmer of '{}'", language));
    }
  }

  void stem(std::string& word) const {
    // The algorithms rewrite a word in place, over and over: their time is not linear.
    if (word.size() > kLongestStemmed) return;
    const sb_symbol* stem =
        sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()),
                        static_cast<int>(word.size()));
    if (stem == nullptr) throw std::bad_alloc();
    word.assign(reinterpret_cast<const char*>(stem),
                static_cast<std::size_t>(sb_stemmer_length(stemmer_.get())));
  }

 private:
  std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer_;
};

void append_ngrams(std::vector<std::string>& words, std::size_t most) {
  const std::size_t count = words.size();
  for (std::size_t n = 2; n <= most; ++n) {
    for (std::size_t first = 0; first + n <= count; ++first) {
      std::string joined = words[first];
      for (std::size_t i = 1; i < n; ++i) {
        joined += ' ';
        joined += words[first + i];
      }
      words.push_back(std::move(joined));
    }
  }
}

std::string or_empty(const std::string& choice) { return choice == "none" ? "" : choice; }

}  // namespace

Tokenizer::Tokenizer(const Section& options, std::unordered_set<std::string> stop_words)
    : lower_(options.flag("lower")),
      keep_symbols_(options.text("punctuation") == "keep"),
      content_words_(options.flag("content_words")),
      apostrophes_(options.text("apostrophes") == "split" ? Apostrophes::kSplit
                                                          : Apostrophes::kJoin),
      numbers_(options.text("numbers") == "drop"  ? Numbers::kDrop
               : options.text("numbers") == "one" ? Numbers::kOne
                                                  : Numbers::kKeep),
      stem_(or_empty(options.text("stem"))),
      ngrams_(static_cast<std::size_t>(options.integer("ngrams"))),
      stop_words_(std::move(stop_words)) {}

Tokenizer::Tokenizer(const Section& options)
    : Tokenizer(options, std::unordered_set<std::string>{}) {
  const std::string language = or_empty(options.text("stop_words"));
  if (!language.empty()) {
    const auto* list = std::ranges::find(kStopWordLists, language, &StopWords::language);
    assert(list != std::end(kStopWordLists));
    add_stop_words(list->words);
  }
  if (const std::string& path = options.text("stop_words_file"); !path.empty()) {
    LineReader lines{path};
    while (lines.next()) add_stop_words(lines.text().substr(0, lines.text().find('#')));
  }
}

Tokenizer::Tokenizer(const Section& options, const H5File& file, const std::string& group)
    : Tokenizer(options, std::unordered_set<std::string>{}) {
  const StringColumn saved = file.read_strings(group + kStopWords);
  for (std::size_t i = 0; i < saved.size(); ++i) stop_words_.emplace(saved[i]);
}

void Tokenizer::save(H5File& file, const std::string& group) const {
  std::vector<std::string> sorted(stop_words_.begin(), stop_words_.end());
  std::ranges::sort(sorted);
  StringColumn column;
  for (const std::string& word : sorted) column.push_back(word);
  file.write_strings(group + kStopWords, column);
}

void Tokenizer::add_stop_words(std::string_view text) {
  for (Token& token : segments(text, true, apostrophes_)) {
    if (token.what != TokenClass::kSymbol) stop_words_.insert(std::move(token.text));
  }
}

/// The tokens that stay, before stemming.
std::vector<Token> Tokenizer::wanted(std::string_view text) const {
  std::vector<Token> tokens = segments(text, lower_, apostrophes_);
  const bool looks_up = content_words_ || !stop_words_.empty();
  std::vector<Token> lowered;
  if (looks_up && !lower_) {
    for (const Token& token : tokens) lowered.push_back({folded(token.text), token.what});
  }
  const std::vector<Token>& keys = lowered.empty() ? tokens : lowered;
  std::vector<bool> content;
  if (content_words_) content = content_words(keys);

  std::vector<bool> kept(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    kept[i] = (keep_symbols_ || tokens[i].what != TokenClass::kSymbol) &&
              (numbers_ != Numbers::kDrop || tokens[i].what != TokenClass::kNumber) &&
              (!content_words_ || content[i]) && !stop_words_.contains(keys[i].text);
  }
  std::size_t next = 0;
  std::erase_if(tokens, [&](const Token&) { return !kept[next++]; });
  return tokens;
}

std::vector<std::string> Tokenizer::words(std::string_view text) const {
  std::vector<Token> tokens = wanted(text);
  std::vector<std::string> words;
  words.reserve(tokens.size() * ngrams_);
  for (Token& token : tokens) {
    const bool merged = numbers_ == Numbers::kOne && token.what == TokenClass::kNumber;
    words.push_back(merged ? kNumberToken : std::move(token.text));
  }
  if (!stem_.empty()) {
    const Stemmer stemmer(stem_);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (tokens[i].what == TokenClass::kWord) stemmer.stem(words[i]);
    }
  }
  append_ngrams(words, ngrams_);
  return words;
}

}  // namespace alignlab::features
