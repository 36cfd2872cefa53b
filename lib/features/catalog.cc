#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "features/audio/settings.h"
#include "features/feature_kind.h"

namespace alignlab {
namespace {

const std::vector<Modality> kAnyModality(kModalities.begin(), kModalities.end());
const std::vector<Modality> kImages{Modality::kImage};
const std::vector<Modality> kTexts{Modality::kText};
const std::vector<Modality> kSounds{Modality::kAudio};
constexpr auto kDense = FeatureForm::kDense;
constexpr auto kSparse = FeatureForm::kSparse;
constexpr auto kTokens = FeatureForm::kTokens;
constexpr auto kPixels = FeatureForm::kPixels;

Option sparse_scale_option() {
  return {.name = "scale",
          .summary = "what is done to finished rows: l2 scales each to unit length",
          .fallback = std::string("l2"),
          .choices = {"none", "l2"}};
}

Option scale_option(const char* fallback) {
  return {.name = "scale",
          .summary =
              "what is done to finished rows: l2 scales each to unit length, standardize "
              "gives each column mean 0 and deviation 1 over train",
          .fallback = std::string(fallback),
          .choices = {"none", "l2", "standardize"}};
}

Option image_size_option(std::int64_t fallback = 64, std::int64_t least = 16) {
  return {.name = "size",
          .summary = "pixels: images are resized to size x size",
          .fallback = fallback,
          .least = static_cast<double>(least),
          .most = 1024};
}

Option image_resize_option() {
  return {.name = "resize",
          .summary =
              "squash changes the aspect, crop takes the centre square, pad fills the short "
              "side up with grey",
          .fallback = std::string("squash"),
          .choices = {"squash", "crop", "pad"}};
}

Option image_grid_option(std::int64_t fallback) {
  return {.name = "grid",
          .summary = "the image is cut into grid x grid cells",
          .fallback = fallback,
          .least = 1,
          .most = 16};
}

Options stored_options() {
  return {{.name = "name",
           .summary = "the stored feature to read",
           .fallback = std::string(),
           .required = true},
          scale_option("none")};
}

Options colour_histogram_options() {
  return {image_size_option(),
          image_resize_option(),
          {.name = "bins",
           .summary = "bins of each channel",
           .fallback = std::int64_t{8},
           .least = 2,
           .most = 64},
          image_grid_option(2),
          scale_option("l2")};
}

Options hog_options() {
  return {image_size_option(),
          image_resize_option(),
          {.name = "cell",
           .summary = "pixels of a cell's side",
           .fallback = std::int64_t{8},
           .least = 4,
           .most = 64},
          {.name = "orientations",
           .summary = "bins of unsigned gradient direction",
           .fallback = std::int64_t{9},
           .least = 2,
           .most = 36},
          scale_option("l2")};
}

Options pixels_options() { return {image_size_option(), image_resize_option()}; }

Options intensity_options() {
  return {image_size_option(32), image_resize_option(), scale_option("none")};
}

Options edges_options() {
  return {image_size_option(),
          image_resize_option(),
          image_grid_option(4),
          {.name = "orientations",
           .summary = "bins of unsigned gradient direction",
           .fallback = std::int64_t{8},
           .least = 2,
           .most = 36},
          {.name = "canny_low",
           .summary = "gradient that continues an edge",
           .fallback = 100.0,
           .least = 0,
           .most = 2000},
          {.name = "canny_high",
           .summary = "gradient that begins an edge",
           .fallback = 200.0,
           .least = 0,
           .most = 2000},
          scale_option("l2")};
}

Options lbp_options() {
  return {image_size_option(),
          image_resize_option(),
          image_grid_option(4),
          {.name = "radius",
           .summary = "pixels from a pixel to its 8 neighbours",
           .fallback = std::int64_t{1},
           .least = 1,
           .most = 7},
          {.name = "patterns",
           .summary = "uniform: 58 patterns and all others; rotation-invariant: 9 and all others",
           .fallback = std::string("uniform"),
           .choices = {"uniform", "rotation-invariant"}},
          scale_option("l2")};
}

Options visual_word_options() {
  return {image_size_option(256, 64),
          image_resize_option(),
          {.name = "keypoints",
           .summary = "most ORB keypoints of an image",
           .fallback = std::int64_t{300},
           .least = 1,
           .most = 5000},
          {.name = "words",
           .summary = "size of the vocabulary",
           .fallback = std::int64_t{256},
           .least = 2,
           .most = 65536},
          {.name = "sample",
           .summary = "descriptors of training images that the vocabulary is learned from",
           .fallback = std::int64_t{20000},
           .least = 1,
           .most = 10000000},
          {.name = "weighting",
           .summary = "hellinger: roots of the words' shares; tfidf: shares weighted by rarity",
           .fallback = std::string("hellinger"),
           .choices = {"none", "hellinger", "tfidf"}},
          scale_option("l2")};
}

Options torchscript_options() {
  return {{.name = "file",
           .summary = "the TorchScript file",
           .fallback = std::string(),
           .required = true,
           .names_file = true},
          image_size_option(224),
          image_resize_option(),
          {.name = "normalisation",
           .summary = "what becomes of 0 .. 255: none leaves it, unit makes it 0 .. 1, symmetric "
                      "-1 .. 1, imagenet and clip standardise by those sets' means and deviations",
           .fallback = std::string("imagenet"),
           .choices = {"none", "unit", "symmetric", "imagenet", "clip"}},
          {.name = "channels",
           .summary = "order of the colours",
           .fallback = std::string("rgb"),
           .choices = {"rgb", "bgr"}},
          {.name = "output",
           .summary = "position or key among several outputs; empty: the first tensor",
           .fallback = std::string()},
          {.name = "pooling",
           .summary = "of maps [n, channels, height, width]: mean over the map, or none",
           .fallback = std::string("mean"),
           .choices = {"none", "mean"}},
          {.name = "method",
           .summary = "the method that takes the images",
           .fallback = std::string("forward")},
          {.name = "batch",
           .summary = "images that go through the network at once, for each thread",
           .fallback = std::int64_t{16},
           .least = 1,
           .most = 4096},
          scale_option("none")};
}

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

Options joined(const std::vector<Options>& parts) {
  Options out;
  for (const Options& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

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

Option bands_option(const char* summary, std::int64_t fallback) {
  return {.name = "bands", .summary = summary, .fallback = fallback, .least = 1, .most = 1024};
}

Options sound_options() {
  return {
      {.name = "rate",
       .summary = "Hz: sounds are converted to this sampling rate",
       .fallback = std::int64_t{16000},
       .least = features::kLowestTargetHz,
       .most = features::kHighestTargetHz},
      {.name = "resampler",
       .summary = "how another rate is converted: they pass 80, 90 and 97 percent of the band "
                  "(libsamplerate's sinc converters)",
       .fallback = std::string("medium"),
       .choices = {"fast", "medium", "best"}},
      {.name = "max_seconds",
       .summary = "what a longer sound has beyond is not read",
       .fallback = 30.0,
       .least = 0.1,
       .most = 600.0},
      {.name = "window_ms",
       .summary = "milliseconds of a frame, weighed by a Hann window",
       .fallback = 25.0,
       .least = 1.0,
       .most = 1000.0},
      {.name = "hop_ms",
       .summary = "milliseconds from one frame to the next",
       .fallback = 10.0,
       .least = 1.0,
       .most = 1000.0},
      {.name = "fft",
       .summary = "samples of the transform; 0: the least power of two that holds the window",
       .fallback = std::int64_t{0},
       .least = 0,
       .most = 262144},
      {.name = "padding",
       .summary = "what lies beyond both ends, for frames centred at multiples of the hop; "
                  "none: frames lie within the sound",
       .fallback = std::string("zero"),
       .choices = {"zero", "reflect", "none"}},
      {.name = "floor",
       .summary = "powers below it count as it when logarithms are taken",
       .fallback = 1e-10,
       .least = 1e-30,
       .most = 1.0},
      {.name = "range_db",
       .summary = "what lies further below the loudest band of the sound is raised to there; "
                  "0: nothing is",
       .fallback = 80.0,
       .least = 0.0,
       .most = 400.0},
      {.name = "reference",
       .summary = "logarithms are of shares of full-scale, or of the loudest band of the sound, "
                  "its peak: then how loud a sound is makes no difference",
       .fallback = std::string("peak"),
       .choices = {"full-scale", "peak"}},
      {.name = "pool",
       .summary = "statistics over the frames of a segment",
       .fallback = std::string("mean+std"),
       .choices = {"mean", "mean+std", "mean+std+max"}},
      {.name = "segments",
       .summary = "a sound is cut into so many equal segments, pooled one by one",
       .fallback = std::int64_t{4},
       .least = 1,
       .most = 64},
      scale_option("standardize")};
}

Options with_sound_options(Options options) {
  for (Option& option : sound_options()) options.push_back(std::move(option));
  return options;
}

Options stft_options() {
  return with_sound_options(
      {bands_option("equal groups of frequencies whose magnitudes are averaged", 50),
       {.name = "compression",
        .summary = "what is done to magnitudes: dB, natural logarithm or nothing",
        .fallback = std::string("db"),
        .choices = {"none", "db", "ln"}}});
}

Options log_mel_options() {
  return with_sound_options(
      {bands_option("mel bands", 64),
       {.name = "low_hz", .summary = "where the first band begins", .fallback = 0.0, .least = 0.0},
       {.name = "high_hz",
        .summary = "where the last band ends; 0: at half the rate",
        .fallback = 0.0,
        .least = 0.0},
       {.name = "mel",
        .summary = "formula of the mel scale",
        .fallback = std::string("slaney"),
        .choices = {"slaney", "htk"}},
       {.name = "mel_norm",
        .summary = "area: triangles of equal area; none: of height 1",
        .fallback = std::string("area"),
        .choices = {"area", "none"}},
       {.name = "log",
        .summary = "dB or natural logarithm",
        .fallback = std::string("db"),
        .choices = {"db", "ln"}}});
}

Options mfcc_options() {
  Options options{{.name = "coefficients",
                   .summary = "cepstral coefficients kept, from the first",
                   .fallback = std::int64_t{20},
                   .least = 1,
                   .most = 1024},
                  {.name = "deltas",
                   .summary = "1 adds slopes in time, 2 second derivatives as well",
                   .fallback = std::int64_t{0},
                   .least = 0,
                   .most = 2}};
  for (Option& option : log_mel_options()) {
    if (option.name == "bands") option.fallback = std::int64_t{40};
    options.push_back(std::move(option));
  }
  return options;
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

Options word_vectors_options() {
  const Options own{{.name = "file",
                     .summary = "GloVe text, word2vec text or binary, or fastText .vec",
                     .fallback = std::string(),
                     .required = true,
                     .names_file = true},
                    any_case_option()};
  return joined({own, pooling_options(), tokenizer_options(), {scale_option("l2")}});
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
           .summary = "skip-gram: passes over the training texts",
           .fallback = std::int64_t{5},
           .least = 1,
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

/// Whether the two mean the same by their name, so that joined kinds can share them. A file never
/// does: each kind reads its own.
bool are_one(const Option& a, const Option& b) {
  return a.fallback.index() == b.fallback.index() && a.choices == b.choices && !a.required &&
         !b.required;
}

void check_shared_options(const std::string& kind, const std::vector<const FeatureRow*>& rows,
                          const Place& place) {
  for (const FeatureRow* row : rows) {
    for (const Option& option : row->options) {
      for (const FeatureRow* other : rows) {
        const auto shared = std::ranges::find(other->options, option.name, &Option::name);
        if (row == other || shared == other->options.end() || are_one(option, *shared)) continue;
        throw ConfigError(fmt::format(
            "{}: '{}' joins kinds that share their options; '{}' and '{}' mean different things by "
            "'{}'",
            place.text(), kind, row->name, other->name, option.name));
      }
    }
  }
}

}  // namespace

const std::vector<FeatureRow>& feature_catalog() {
  static const std::vector<FeatureRow> kRows{
#define FEATURE_KIND(name, maker, options, modalities, form, summary) \
  {name, summary, options, modalities, form},
#include "features/features.def"
#undef FEATURE_KIND
  };
  return kRows;
}

std::vector<std::string> parts_of_kind(const std::string& kind) {
  std::vector<std::string> parts(1);
  for (const char c : kind) {
    if (c == '+') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<const FeatureRow*> feature_rows(const std::string& kind, Modality modality,
                                            const Place& place) {
  std::vector<const FeatureRow*> rows;
  for (const std::string& name : parts_of_kind(kind)) {
    const FeatureRow& row = find_row(feature_catalog(), name, "feature kind", place);
    if (std::ranges::find(row.modalities, modality) == row.modalities.end()) {
      throw ConfigError(fmt::format("{}: feature kind '{}' is not for {}", place.text(), row.name,
                                    name_of(modality)));
    }
    rows.push_back(&row);
  }
  if (rows.size() > 1) {
    for (const FeatureRow* row : rows) {
      if (row->form != FeatureForm::kDense) {
        throw ConfigError(fmt::format("{}: '{}' joins dense kinds only; '{}' is {}", place.text(),
                                      kind, row->name, name_of(row->form)));
      }
    }
    check_shared_options(kind, rows, place);
  }
  return rows;
}

Options feature_options(const std::vector<const FeatureRow*>& rows) {
  Options all;
  for (const FeatureRow* row : rows) {
    for (const Option& option : row->options) {
      if (std::ranges::find(all, option.name, &Option::name) == all.end()) all.push_back(option);
    }
  }
  return all;
}

void check_features(const FeatureSpec& spec, const Place& place) {
  const auto& values = spec.options.values();
  if (values.contains("cell") && spec.options.integer("size") < 2 * spec.options.integer("cell")) {
    throw ConfigError(
        fmt::format("{}: a block of hog is two cells wide: expected size >= {}, found {}",
                    place.text(), 2 * spec.options.integer("cell"), spec.options.integer("size")));
  }
  features::check_sound_options(spec, place);
  if (values.contains("canny_low") &&
      spec.options.real("canny_low") > spec.options.real("canny_high")) {
    throw ConfigError(fmt::format("{}: expected canny_low <= canny_high, found {} and {}",
                                  place.text(), spec.options.real("canny_low"),
                                  spec.options.real("canny_high")));
  }
  if (values.contains("radius")) {
    const auto least = 2 * spec.options.integer("radius") + spec.options.integer("grid");
    if (spec.options.integer("size") < least) {
      throw ConfigError(fmt::format(
          "{}: lbp has no patterns at the border: expected size >= 2 radius + grid = {}, found {}",
          place.text(), least, spec.options.integer("size")));
    }
  }
  if (values.contains("vectors") &&
      (spec.options.text("vectors") == "file") == spec.options.text("file").empty()) {
    throw ConfigError(fmt::format(
        "{}: vectors = \"file\" and the name of a file go together: found vectors = \"{}\", file = "
        "\"{}\"",
        place.text(), spec.options.text("vectors"), spec.options.text("file")));
  }
}

std::map<std::string, std::string> files_of(const FeatureSpec& spec) {
  std::map<std::string, std::string> hashes;
  for (const std::string& name : parts_of_kind(spec.kind)) {
    const auto row = std::ranges::find(feature_catalog(), name, &FeatureRow::name);
    for (const Option& option : row->options) {
      if (!option.names_file || spec.options.text(option.name).empty()) continue;
      std::string& hash = hashes[option.name];
      try {
        hash = hash_of_file(spec.options.text(option.name)).hex();
      } catch (const DataError&) {
        hash.clear();
      }
    }
  }
  return hashes;
}

bool reads_stored_feature(const FeatureSpec& spec) {
  const std::vector<std::string> parts = parts_of_kind(spec.kind);
  return std::ranges::find(parts, "stored") != parts.end();
}

}  // namespace alignlab
