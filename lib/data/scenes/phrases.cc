#include "data/scenes/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alignlab::scenes {
namespace {

using Text = std::string_view;

/// The usual word first; unused places are empty.
using Synonyms = std::array<Text, 4>;

struct Noun {
  Text one;
  Text several;
};
using Nouns = std::array<Noun, 3>;

constexpr std::array<Nouns, kShapes> kShapeNouns{{
    {{{"circle", "circles"}, {"disc", "discs"}, {"ball", "balls"}}},
    {{{"square", "squares"}, {"box", "boxes"}, {"block", "blocks"}}},
    {{{"triangle", "triangles"}, {"pyramid", "pyramids"}, {"wedge", "wedges"}}},
    {{{"star", "stars"}, {"five-pointed star", "five-pointed stars"}, {"starfish", "starfish"}}},
    {{{"ring", "rings"}, {"hoop", "hoops"}, {"donut", "donuts"}}},
    {{{"cross", "crosses"}, {"plus sign", "plus signs"}, {"plus", "pluses"}}},
    {{{"diamond", "diamonds"}, {"rhombus", "rhombuses"}, {"kite", "kites"}}},
    {{{"heart", "hearts"}, {"love heart", "love hearts"}, {"valentine", "valentines"}}},
}};
constexpr Nouns kAnyNouns{{{"shape", "shapes"}, {"thing", "things"}, {"object", "objects"}}};

constexpr std::array<Synonyms, kColours> kColourWords{{{"red", "scarlet", "crimson"},
                                                       {"orange", "tangerine"},
                                                       {"yellow", "golden", "lemon"},
                                                       {"green", "emerald"},
                                                       {"blue", "azure"},
                                                       {"purple", "violet"},
                                                       {"pink", "rosy", "magenta"},
                                                       {"white", "pale"}}};
constexpr std::array<Synonyms, 3> kSizeWords{{{"small", "little", "tiny"},
                                              {"medium-sized", "medium", "mid-sized"},
                                              {"big", "large", "huge"}}};
constexpr std::array<Synonyms, kTextures> kTextureWords{{{"plain", "solid"},
                                                         {"striped", "stripy"},
                                                         {"dotted", "spotted", "polka-dot"},
                                                         {"checkered", "checked", "chequered"}}};
constexpr std::array<Text, kTextures> kTextureSuffixes{"", " with stripes", " with dots",
                                                       " with checks"};
constexpr std::array<Synonyms, 9> kPlaceWords{
    {{"in the top left corner", "in the upper left", "at the top left"},
     {"at the top", "up top", "near the top"},
     {"in the top right corner", "in the upper right", "at the top right"},
     {"on the left", "at the left", "on the left side"},
     {"in the middle", "in the centre", "at the center"},
     {"on the right", "at the right", "on the right side"},
     {"in the bottom left corner", "in the lower left", "at the bottom left"},
     {"at the bottom", "down below", "near the bottom"},
     {"in the bottom right corner", "in the lower right", "at the bottom right"}}};
constexpr std::array<Synonyms, kBackgrounds> kSettingWords{
    {{"in the sky", "in a blue sky", "among the clouds", "against a cloudy sky"},
     {"on the sand", "on a sandy beach", "in the desert", "on some sand"},
     {"on the grass", "on a lawn", "in a green field", "in a meadow"},
     {"at night", "in the night sky", "under the stars", "in a starry sky"},
     {"on the water", "at sea", "in the sea", "on the waves"},
     {"on a brick wall", "against a brick wall", "on a wall", "in front of some bricks"},
     {"in the snow", "on snow", "on a snowy field", "on the snow"},
     {"at sunset", "in the evening sky", "at dusk", "against a sunset"},
     {"on a wooden table", "on wooden boards", "on a plank floor", "on wood"},
     {"on squared paper", "on a sheet of paper", "on graph paper", "on a notebook page"}}};
constexpr std::array<std::array<Text, 3>, kBackgrounds> kSettingVerbs{
    {{"floats", "hangs", "drifts"},
     {"lies", "sits", "rests"},
     {"lies", "sits", "rests"},
     {"floats", "glows", "hangs"},
     {"floats", "drifts", "bobs"},
     {"hangs", "sits", "appears"},
     {"lies", "sits", "rests"},
     {"floats", "hangs", "glows"},
     {"lies", "sits", "rests"},
     {"sits", "appears", "stands"}}};
constexpr std::array<Synonyms, 6> kRelationWords{
    {{"to the left of", "left of", "on the left of"},
     {"to the right of", "right of", "on the right of"},
     {"above", "over", "higher up than"},
     {"below", "under", "beneath", "underneath"},
     {"in front of", "partly covering", "overlapping"},
     {"behind", "partly hidden by", "peeking out from behind"}}};
constexpr std::array<Text, 6> kPronounPhrases{"to its left", "to its right",   "above it",
                                              "below it",    "in front of it", "behind it"};
constexpr Synonyms kDimWords{"dark", "dim", "gloomy"};
constexpr Synonyms kBrightWords{"bright", "overexposed", "brightly lit"};
constexpr Synonyms kGrainWords{"grainy", "noisy", "fuzzy"};
constexpr Synonyms kPictureWords{"picture", "image", "photo", "drawing"};
constexpr std::array<Text, 3> kNumbers{"two", "three", "four"};

Text synonym(const Synonyms& words, double usual, Rng& rng) {
  if (rng.chance(usual)) return words[0];
  const auto end = std::ranges::find(words, Text{});
  return words[1 + rng.below(static_cast<std::uint64_t>(end - words.begin()) - 1)];
}

Text noun(const Nouns& nouns, bool several, Rng& rng) {
  const Noun& choice = rng.chance(0.62) ? nouns[0] : nouns[1 + rng.below(2)];
  return several ? choice.several : choice.one;
}

Text number_word(int count) { return kNumbers[static_cast<std::size_t>(count - 2)]; }

std::string with_article(const std::string& words) {
  const bool vowel = Text("aeiou").find(words[0]) != Text::npos;
  return (vowel ? "an " : "a ") + words;
}

void append_word(std::string& phrase, Text next) {
  if (!phrase.empty()) phrase += ' ';
  phrase += next;
}

/// "something big and red".
std::string vague_phrase(const Mention& mention, Rng& rng) {
  std::string phrase = "something";
  if (mention.size) {
    phrase += fmt::format(" {} and", synonym(kSizeWords[index_of(*mention.size)], 0.7, rng));
  }
  append_word(phrase, synonym(kColourWords[index_of(*mention.colour)], 0.9, rng));
  return phrase;
}

}  // namespace

std::string noun_phrase(const Mention& mention, bool another, Rng& rng) {
  const bool several = mention.count > 1;
  const Text place =
      mention.place ? synonym(kPlaceWords[index_of(*mention.place)], 0.6, rng) : Text{};
  std::string phrase;
  Text suffix;
  if (!several && !another && !mention.shape && !mention.texture && rng.chance(0.4)) {
    phrase = vague_phrase(mention, rng);
  } else {
    if (mention.size) {
      append_word(phrase, synonym(kSizeWords[index_of(*mention.size)], 0.55, rng));
    }
    if (mention.texture) {
      suffix = kTextureSuffixes[index_of(*mention.texture)];
      if (suffix.empty() || rng.chance(0.7)) {
        suffix = {};
        append_word(phrase, synonym(kTextureWords[index_of(*mention.texture)], 0.6, rng));
      }
    }
    if (mention.colour) {
      append_word(phrase, synonym(kColourWords[index_of(*mention.colour)], 0.8, rng));
    }
    append_word(phrase, noun(mention.shape ? kShapeNouns[index_of(*mention.shape)] : kAnyNouns,
                             several, rng));
    if (several) {
      phrase = fmt::format("{} {}", number_word(mention.count), phrase);
    } else {
      phrase = another ? "another " + phrase : with_article(phrase);
    }
  }
  phrase += suffix;
  if (!place.empty()) append_word(phrase, place);
  return phrase;
}

std::string counted_shapes(int count, Rng& rng) {
  return fmt::format("{} {}", number_word(count), noun(kAnyNouns, true, rng));
}

Text setting_phrase(Background background, Rng& rng) {
  return synonym(kSettingWords[index_of(background)], 0.45, rng);
}

std::string setting_verb(Background background, bool several, Rng& rng) {
  std::string verb(rng.pick(kSettingVerbs[index_of(background)]));
  if (several) verb.pop_back();
  return verb;
}

Text relation_phrase(Relation relation, Rng& rng) {
  return synonym(kRelationWords[index_of(relation)], 0.5, rng);
}

Text pronoun_phrase(Relation relation) { return kPronounPhrases[index_of(relation)]; }

Text light_adjective(Light light, Rng& rng) {
  return synonym(light == Light::kDim ? kDimWords : kBrightWords, 0.6, rng);
}

Text grain_adjective(Rng& rng) { return synonym(kGrainWords, 0.6, rng); }

Text picture_noun(Rng& rng) { return synonym(kPictureWords, 0.45, rng); }

}  // namespace alignlab::scenes
