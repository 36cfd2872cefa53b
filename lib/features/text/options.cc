#include <fmt/format.h>

#include "core/error.h"
#include "features/kind_options.h"

namespace alignlab::features {
namespace {

/// What Tokenizer reads (features/text/tokenizer.h); every kind of text has them.
Options tokenizer_options() {
  return {{.name = "lower", .summary = "letters are case folded", .fallback = true},
          {.name = "apostrophes",
           .summary = "join: dog's is dogs; split: l'homme is l homme",
           .fallback = std::string("join"),
           .choices = {"join", "split"}},
          {.name = "numbers",
           .summary = "what becomes of words of digits alone; one: all are the same token",
           .fallback = std::string("keep"),
           .choices = {"keep", "drop", "one"}},
          {.name = "punctuation",
           .summary = "what becomes of punctuation and symbols; keep: each is a token",
           .fallback = std::string("drop"),
           .choices = {"drop", "keep"}},
          {.name = "stop_words",
           .summary = "the language whose function words are dropped",
           .fallback = std::string("none"),
           .choices =
               {
                   "none",
#define STOP_WORDS(language, words) language,
#include "features/text/stop_words.def"
#undef STOP_WORDS
               }},
          {.name = "stop_words_file",
           .summary = "a file of words to drop as well, any number a line, # begins a comment",
           .fallback = std::string(),
           .names_file = true},
          {.name = "stem",
           .summary = "the language of the Snowball algorithm that cuts words to stems",
           .fallback = std::string("none"),
           .choices = {"none",    "arabic",    "armenian",   "basque",     "catalan",  "danish",
                       "dutch",   "english",   "finnish",    "french",     "german",   "greek",
                       "hindi",   "hungarian", "indonesian", "irish",      "italian",  "lithuanian",
                       "nepali",  "norwegian", "porter",     "portuguese", "romanian", "russian",
                       "serbian", "spanish",   "swedish",    "tamil",      "turkish",  "yiddish"}},
          {.name = "content_words",
           .summary = "only nouns, verbs, adjectives and adverbs are kept; for English",
           .fallback = false},
          {.name = "ngrams",
           .summary = "sequences of 2 .. ngrams words are tokens too",
           .fallback = std::int64_t{1},
           .least = 1,
           .most = 3}};
}

/// What training_words() reads (features/text/vocabulary.h).
Options vocabulary_options() {
  return {{.name = "min_count",
           .summary = "training texts a word must occur in",
           .fallback = std::int64_t{2},
           .least = 1},
          {.name = "max_features",
           .summary = "the words of most training texts that are kept; 0 keeps all",
           .fallback = std::int64_t{0},
           .least = 0}};
}

/// What Frequency reads (features/text/vocabulary.h).
Options frequency_options(bool sublinear) {
  return {
      {.name = "sublinear", .summary = "1 + ln(count) instead of the count", .fallback = sublinear},
      {.name = "binary", .summary = "a word counts once however often", .fallback = false}};
}

/// What PooledWords reads (features/text/pooling.h).
Options pooling_options() {
  return {{.name = "pooling",
           .summary = "how the vectors of a text's words become one row",
           .fallback = std::string("mean"),
           .choices = {"mean", "idf", "sif", "max"}},
          {.name = "smoothing",
           .summary = "sif: a word of frequency p has the weight smoothing / (smoothing + p)",
           .fallback = 1e-3,
           .least = 1e-9,
           .most = 1.0}};
}

Option any_case_option() {
  return {.name = "any_case",
          .summary = "a word that the file has in other letter case only gets that vector",
          .fallback = true};
}

/// What SkipGramOptions reads (features/text/skip_gram_training.h).
Options skip_gram_training_options() {
  return {{.name = "width",
           .summary = "skip-gram: numbers a word",
           .fallback = std::int64_t{100},
           .least = 1,
           .most = 4096},
          {.name = "window",
           .summary = "skip-gram: words on either side that it learns from",
           .fallback = std::int64_t{5},
           .least = 1,
           .most = 100},
          {.name = "negatives",
           .summary = "skip-gram: random words for each of these",
           .fallback = std::int64_t{5},
           .least = 1,
           .most = 100},
          {.name = "epochs",
           .summary = "skip-gram: passes over the training texts; 0: as many as make 5 million "
                      "words of them, 5 to 1000",
           .fallback = std::int64_t{0},
           .least = 0,
           .most = 1000},
          {.name = "subsample",
           .summary = "skip-gram: words more frequent are partly left out; 0: none",
           .fallback = 1e-3,
           .least = 0.0,
           .most = 1.0},
          {.name = "learning_rate",
           .summary = "skip-gram: the first step, falling to nearly 0",
           .fallback = 0.025,
           .least = 1e-6,
           .most = 1.0},
          {.name = "seed",
           .summary = "of the vectors that words start from and of the drawing",
           .fallback = std::int64_t{0},
           .least = 0}};
}

}  // namespace

Options bow_options() {
  return joined({vocabulary_options(),
                 frequency_options(false),
                 tokenizer_options(),
                 {sparse_scale_option()}});
}

Options tfidf_options() {
  return joined({vocabulary_options(),
                 frequency_options(true),
                 tokenizer_options(),
                 {sparse_scale_option()}});
}

Options bm25_options() {
  const Options own{{.name = "k1",
                     .summary = "how slowly further occurrences of a word saturate",
                     .fallback = 1.2,
                     .least = 0,
                     .most = 1000},
                    {.name = "b",
                     .summary = "how much long texts are discounted, from not at all to wholly",
                     .fallback = 0.75,
                     .least = 0,
                     .most = 1}};
  return joined({own, vocabulary_options(), tokenizer_options(), {sparse_scale_option()}});
}

Options hashing_options() {
  const Options own{{.name = "width",
                     .summary = "columns",
                     .fallback = std::int64_t{4096},
                     .least = 1,
                     .most = 1 << 24},
                    {.name = "idf",
                     .summary = "weighs columns by their rarity among the training texts",
                     .fallback = false}};
  return joined({own, frequency_options(false), tokenizer_options(), {sparse_scale_option()}});
}

Options lsa_options() {
  const Options own{{.name = "width",
                     .summary = "directions; fewer where words or training texts are fewer",
                     .fallback = std::int64_t{300},
                     .least = 1,
                     .most = 1 << 14},
                    {.name = "whiten",
                     .summary = "gives every direction the same mean square over train",
                     .fallback = false}};
  return joined({own,
                 vocabulary_options(),
                 frequency_options(true),
                 tokenizer_options(),
                 {scale_option("l2")}});
}

Options word_vectors_options() {
  const Options own{{.name = "file",
                     .summary = "GloVe text, word2vec text or binary, or fastText .vec",
                     .fallback = std::string(),
                     .required = true,
                     .names_file = true},
                    any_case_option()};
  return joined({own, pooling_options(), tokenizer_options(), {scale_option("l2")}});
}

Options skip_gram_options() {
  return joined({skip_gram_training_options(),
                 vocabulary_options(),
                 pooling_options(),
                 tokenizer_options(),
                 {scale_option("l2")}});
}

Options tokens_options() {
  const Options own{{.name = "max_length",
                     .summary = "tokens of a text that are kept, from its beginning",
                     .fallback = std::int64_t{64},
                     .least = 1,
                     .most = 4096},
                    {.name = "vectors",
                     .summary = "what embeddings of tokens may start from",
                     .fallback = std::string("none"),
                     .choices = {"none", "file", "skip-gram"}},
                    {.name = "file",
                     .summary = "with vectors = file: as in word-vectors",
                     .fallback = std::string(),
                     .names_file = true},
                    any_case_option()};
  return joined({own, vocabulary_options(), skip_gram_training_options(), tokenizer_options()});
}

Options sentence_encoder_options() {
  return {
      {.name = "file",
       .summary = "the TorchScript file",
       .fallback = std::string(),
       .required = true,
       .names_file = true},
      {.name = "vocabulary",
       .summary = "its word pieces, one a line (vocab.txt)",
       .fallback = std::string(),
       .required = true,
       .names_file = true},
      {.name = "lower",
       .summary = "letters are made lower case and lose their accents, as uncased models want",
       .fallback = true},
      {.name = "max_length",
       .summary = "word pieces of a text that are kept, special ones included",
       .fallback = std::int64_t{128},
       .least = 1,
       .most = 8192},
      {.name = "pooling",
       .summary = "mean over the tokens, the first token, or an output of a row a text as it is",
       .fallback = std::string("mean"),
       .choices = {"mean", "first", "output"}},
      {.name = "batch",
       .summary = "texts that go through the network at once, for each thread",
       .fallback = std::int64_t{32},
       .least = 1,
       .most = 4096},
      scale_option("l2")};
}

void check_text_options(const FeatureSpec& spec, const Place& place) {
  const Section& options = spec.options;
  if (!options.values().contains("vectors")) return;
  if ((options.text("vectors") == "file") == options.text("file").empty()) {
    throw ConfigError(fmt::format(
        "{}: vectors = \"file\" and the name of a file go together: found vectors = \"{}\", file = "
        "\"{}\"",
        place.text(), options.text("vectors"), options.text("file")));
  }
}

}  // namespace alignlab::features
