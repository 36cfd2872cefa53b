#include "data/scenes/meaning.h"

#include <algorithm>
#include <array>

namespace alignlab::scenes {
namespace {

template <typename T>
int stated(const std::optional<T>& fact) {
  return fact.has_value() ? 1 : 0;
}

template <typename T>
int agrees(const std::optional<T>& fact, const T& truth) {
  return fact == truth ? 1 : 0;
}

int attribute_count(const Mention& mention) {
  return stated(mention.shape) + stated(mention.colour) + stated(mention.size) +
         stated(mention.texture) + stated(mention.place);
}

int agreeing_attributes(const Mention& mention, const Object& object) {
  return agrees(mention.shape, object.shape) + agrees(mention.colour, object.colour) +
         agrees(mention.size, object.size) + agrees(mention.texture, object.texture) +
         agrees(mention.place, place_of(object));
}

int fact_count(const Mention& mention) {
  return attribute_count(mention) + (mention.count > 1 ? 1 : 0);
}

/// Taken alone, by the object that suits it best.
int held_facts(const Mention& mention, const Scene& scene) {
  int best = 0;
  int matching = 0;
  for (const Object& object : scene.objects) {
    const int agreeing = agreeing_attributes(mention, object);
    best = std::max(best, agreeing);
    if (agreeing == attribute_count(mention)) ++matching;
  }
  return best + (mention.count > 1 && matching >= mention.count ? 1 : 0);
}

bool relation_holds(const Meaning& meaning, const Scene& scene) {
  for (std::size_t a = 0; a < scene.objects.size(); ++a) {
    if (!meaning.mentions[0].matches(scene.objects[a])) continue;
    for (std::size_t b = 0; b < scene.objects.size(); ++b) {
      if (a != b && meaning.mentions[1].matches(scene.objects[b]) &&
          related(scene, a, *meaning.relation, b)) {
        return true;
      }
    }
  }
  return false;
}

/// Tries every way to give each mention objects of its own.
class Assignment {
 public:
  Assignment(const Meaning& meaning, const Scene& scene) : meaning_(meaning), scene_(scene) {}

  bool exists() { return meaning_.mentions.empty() || place(0, 0, 0); }

 private:
  /// Mention `m` still lacks objects: those from `from` on are free to take, if not in `used`.
  bool place(std::size_t m, int taken, std::size_t from) {
    const Mention& mention = meaning_.mentions[m];
    if (taken == mention.count) {
      if (m + 1 == meaning_.mentions.size()) return true;
      return place(m + 1, 0, 0);
    }
    for (std::size_t i = from; i < scene_.objects.size(); ++i) {
      if (used_[i] || !mention.matches(scene_.objects[i])) continue;
      if (m == 0) first_ = i;
      if (m == 1 && meaning_.relation && !related(scene_, first_, *meaning_.relation, i)) continue;
      used_[i] = true;
      const bool found = place(m, taken + 1, i + 1);
      used_[i] = false;
      if (found) return true;
    }
    return false;
  }

  const Meaning& meaning_;
  const Scene& scene_;
  std::array<bool, 4> used_{};
  std::size_t first_ = 0;
};

int held_circumstances(const Meaning& meaning, const Scene& scene) {
  return agrees(meaning.background, scene.background) + agrees(meaning.light, scene.light) +
         (meaning.grainy && scene.grain >= kRemarkableGrain ? 1 : 0) +
         agrees(meaning.total, static_cast<int>(scene.objects.size()));
}

int circumstance_count(const Meaning& meaning) {
  return stated(meaning.background) + stated(meaning.light) + (meaning.grainy ? 1 : 0) +
         stated(meaning.total);
}

}  // namespace

bool Mention::matches(const Object& object) const {
  return agreeing_attributes(*this, object) == attribute_count(*this);
}

int fact_count(const Meaning& meaning) {
  int count = circumstance_count(meaning) + stated(meaning.relation);
  for (const Mention& mention : meaning.mentions) count += fact_count(mention);
  return count;
}

bool holds(const Meaning& meaning, const Scene& scene) {
  return held_circumstances(meaning, scene) == circumstance_count(meaning) &&
         Assignment(meaning, scene).exists();
}

int grade_of(const Meaning& meaning, const Scene& scene) {
  int held = held_circumstances(meaning, scene);
  for (const Mention& mention : meaning.mentions) held += held_facts(mention, scene);
  const int facts = fact_count(meaning);
  // The relation is the dearest to look up, and seldom decides.
  if (meaning.relation && 4 * (held + 1) >= 3 * facts && relation_holds(meaning, scene)) ++held;
  if (4 * held < 3 * facts) return 0;
  return held == facts && holds(meaning, scene) ? 2 : 1;
}

}  // namespace alignlab::scenes
