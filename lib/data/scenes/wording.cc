#include "data/scenes/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "data/scenes/phrases.h"

namespace alignlab::scenes {
namespace {

bool same_words(const Mention& a, Mention b) {
  b.place = a.place;
  return a == b;
}

std::vector<std::string> noun_phrases(const Meaning& meaning, Rng& rng) {
  std::vector<std::string> phrases;
  const auto& mentions = meaning.mentions;
  for (std::size_t i = 0; i < mentions.size(); ++i) {
    const bool another = mentions[i].count == 1 &&
                         std::any_of(mentions.begin(), mentions.begin() + static_cast<int>(i),
                                     [&](const Mention& m) { return same_words(m, mentions[i]); });
    phrases.push_back(noun_phrase(mentions[i], another, rng));
  }
  return phrases;
}

std::string enumerate(const std::vector<std::string>& phrases, Rng& rng) {
  if (phrases.size() == 1) return phrases[0];
  if (phrases.size() == 2) {
    const double u = rng.uniform();
    const std::string_view joint = u < 0.75 ? " and " : u < 0.93 ? " with " : " plus ";
    return fmt::format("{}{}{}", phrases[0], joint, phrases[1]);
  }
  constexpr std::array<const char*, 3> kLists{"{}, {} and {}", "{}, {}, and {}",
                                              "{} and {}, with {}"};
  return fmt::format(fmt::runtime(rng.pick(kLists)), phrases[0], phrases[1], phrases[2]);
}

/// What is said apart from the setting. A clause has a verb of its own, so that nothing like
/// "there is" can lead into it.
struct Body {
  std::string text;
  std::string afterthought;  // follows the setting
  bool clause = false;
  bool needs_setting_last = false;
  bool several = false;  // whether what it begins with is plural
  bool ends_in_place = false;
};

Body related_body(const Meaning& meaning, bool may_be_clause, Rng& rng) {
  const std::vector<std::string> phrases = noun_phrases(meaning, rng);
  // "another" must follow what it is another of, so that such a pair keeps its order.
  const bool may_swap = !same_words(meaning.mentions[0], meaning.mentions[1]);
  Body body;
  const double form = rng.uniform();
  if (may_swap && form < 0.2) {
    body.text =
        fmt::format("{} with {} {}", phrases[1], phrases[0], pronoun_phrase(*meaning.relation));
  } else {
    const bool swapped = may_swap && rng.chance(0.35);
    const Relation relation = swapped ? inverse_of(*meaning.relation) : *meaning.relation;
    body.clause = may_be_clause && rng.chance(0.35);
    body.text = fmt::format("{} {}{} {}", phrases[swapped ? 1 : 0], body.clause ? "is " : "",
                            relation_phrase(relation, rng), phrases[swapped ? 0 : 1]);
  }
  if (phrases.size() > 2) {
    constexpr std::array<const char*, 3> kAdditions{", with {} nearby", ", and {}",
                                                    ", plus {} as well"};
    body.afterthought = fmt::format(fmt::runtime(rng.pick(kAdditions)), phrases[2]);
  }
  return body;
}

Body counted_body(const Meaning& meaning, Rng& rng) {
  const std::vector<std::string> phrases = noun_phrases(meaning, rng);
  int covered = 0;
  for (const Mention& mention : meaning.mentions) covered += mention.count;
  Body body;
  body.text = counted_shapes(*meaning.total, rng);
  body.several = true;
  const std::string list = enumerate(phrases, rng);
  if (covered == *meaning.total && meaning.mentions.size() > 1) {
    body.afterthought = ": " + list;
  } else if (covered == 1) {
    body.afterthought = (rng.chance(0.5) ? ", one of them " : ", one is ") + list;
  } else {
    body.afterthought = (rng.chance(0.5) ? ", among them " : ", including ") + list;
  }
  return body;
}

Body listed_body(const Meaning& meaning, bool may_be_clause, Rng& rng) {
  const std::vector<std::string> phrases = noun_phrases(meaning, rng);
  Body body;
  body.text = enumerate(phrases, rng);
  body.several = meaning.mentions[0].count > 1;
  body.ends_in_place = meaning.mentions.back().place.has_value();
  if (may_be_clause && phrases.size() == 1 && meaning.background && rng.chance(0.4)) {
    body.clause = true;
    body.needs_setting_last = true;
    body.text += ' ' + setting_verb(*meaning.background, body.several, rng);
  }
  return body;
}

/// "a dark, grainy photo of "; empty where nothing is said of the picture itself.
std::string picture_lead(const Meaning& meaning, Rng& rng) {
  std::string adjectives;
  if (meaning.light) adjectives += light_adjective(*meaning.light, rng);
  if (meaning.grainy) {
    if (!adjectives.empty()) adjectives += rng.chance(0.5) ? ", " : " and ";
    adjectives += grain_adjective(rng);
  }
  if (adjectives.empty()) return {};
  return fmt::format("{} {} {} {} ", adjectives[0] == 'o' ? "an" : "a", adjectives,
                     picture_noun(rng), rng.chance(0.85) ? "of" : "showing");
}

std::string plain_lead(bool several, Rng& rng) {
  const double u = rng.uniform();
  if (u < 0.6) return {};
  if (u < 0.78) return several ? "there are " : "there is ";
  if (u < 0.84) return "I see ";
  if (u < 0.88) return "I can see ";
  if (u < 0.92) return several ? "here are " : "here is ";
  return fmt::format("{} of ", rng.chance(0.5) ? "a picture" : "an image");
}

/// As tidy as people are who type captions.
std::string finish(std::string text, Rng& rng) {
  const double u = rng.uniform();
  if (u < 0.9 && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (u < 0.78) text += '.';
  return text;
}

Body body_of(const Meaning& meaning, bool may_be_clause, Rng& rng) {
  if (meaning.total) return counted_body(meaning, rng);
  if (meaning.relation) return related_body(meaning, may_be_clause, rng);
  return listed_body(meaning, may_be_clause, rng);
}

}  // namespace

std::string word(const Meaning& meaning, Rng& rng) {
  const std::string picture = picture_lead(meaning, rng);
  const Body body = body_of(meaning, picture.empty(), rng);
  const std::string setting =
      meaning.background ? std::string(setting_phrase(*meaning.background, rng)) : std::string();
  const bool may_begin_with_setting =
      !setting.empty() && picture.empty() && !body.needs_setting_last;
  std::string text;
  if (may_begin_with_setting && (body.ends_in_place || rng.chance(0.22))) {
    const std::string_view link = body.clause || rng.chance(0.5) ? ", "
                                  : body.several                 ? " there are "
                                                                 : " there is ";
    text = setting + std::string(link) + body.text;
  } else {
    text = picture;
    if (picture.empty() && !body.clause) text = plain_lead(body.several, rng);
    text += body.text;
    if (!setting.empty()) text += ' ' + setting;
  }
  return finish(text + body.afterthought, rng);
}

}  // namespace alignlab::scenes
