#include "features/text/content_words.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace alignlab::features {
namespace {

enum class Role {
  kOpen,  // in no list
  kSymbol,
  kDeterminer,
  kNumeral,
  kPronoun,
  kPreposition,
  kConjunction,
  kBe,
  kModal,
  kNegation,
  kInterjection,
  // What these are hangs on their neighbours.
  kHave,
  kDo,
  kCan,
  kLike,
  kThere,
  kWhile,
  kPlace
};

struct RoleWords {
  Role role;
  std::string_view words;
};

// Contractions stand as they are without their apostrophe, but for those that would be other words.
constexpr RoleWords kRoleWords[] = {
    {Role::kDeterminer,
     "a an the this that these those some any no every each either neither both all half such many "
     "much more most few fewer less least several enough another other same own my your his her "
     "its our their whose which what whatever whichever"},
    {Role::kNumeral,
     "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
     "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
     "ninety hundred thousand million billion"},
    {Role::kPronoun,
     "i me mine myself you yours yourself yourselves he him himself she hers herself it itself we "
     "us ours ourselves they them theirs themselves ones oneself who whom whoever whomever someone "
     "somebody something anyone anybody anything everyone everybody everything nobody nothing none "
     "others im ive youre youve youll hes shes theyre theyve theyll weve thats theres heres whos "
     "whats itll thatll"},
    {Role::kPreposition,
     "of in on at for with without from to into onto upon out off over under up down through "
     "throughout about against before after during since until till within toward towards between "
     "among amongst amid beside besides beyond despite except per via unlike alongside atop as "
     "than"},
    {Role::kConjunction,
     "and or but nor so yet if then because although though whilst whereas unless whether when "
     "whenever where wherever why how"},
    {Role::kBe, "be am is are was were been being isnt arent wasnt werent aint"},
    {Role::kModal,
     "could may might must shall should will would ought cannot cant couldnt mustnt shouldnt "
     "wouldnt wont dont doesnt didnt havent hasnt hadnt mightnt neednt"},
    {Role::kNegation, "not"},
    {Role::kInterjection, "oh ah hey hi hello wow yes yeah ok okay please"},
    {Role::kHave, "have has had having"},
    {Role::kDo, "do does did"},
    {Role::kCan, "can"},
    {Role::kLike, "like"},
    {Role::kThere, "there"},
    {Role::kWhile, "while"},
    {Role::kPlace,
     "inside outside behind around along across above below underneath beneath past near by"}};

/// Participles without the ending -ed or -en that stand after "have" often.
constexpr std::string_view kParticiples =
    "been come become run gone done made put set cut hit let lost left held caught brought bought "
    "built found had kept laid led met read said sat sold sent shot slept spent stood taught told "
    "thought understood won worn torn thrown blown grown known shown drawn flown begun drunk sung "
    "swum hung dug stuck swung";

using RoleTable = std::unordered_map<std::string_view, Role>;

void add_words(RoleTable& table, std::string_view words, Role role) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    table.emplace(words.substr(0, end), role);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

Role role_of(const Token& token) {
  static const RoleTable kTable = [] {
    RoleTable table;
    for (const auto& [role, words] : kRoleWords) add_words(table, words, role);
    return table;
  }();
  if (token.what == TokenClass::kSymbol) return Role::kSymbol;
  if (token.what == TokenClass::kNumber) return Role::kNumeral;
  const auto found = kTable.find(token.text);
  return found == kTable.end() ? Role::kOpen : found->second;
}

bool is_participle(std::string_view word) {
  static const RoleTable kTable = [] {
    RoleTable table;
    add_words(table, kParticiples, Role::kOpen);
    return table;
  }();
  return word.ends_with("ed") || word.ends_with("en") || kTable.contains(word);
}

/// One that may stand between "have" and its participle.
bool is_middle_adverb(std::string_view word) {
  return word.ends_with("ly") || word == "just" || word == "never" || word == "ever" ||
         word == "already" || word == "always" || word == "also" || word == "yet" ||
         word == "still" || word == "now";
}

bool is_apostrophe(const Token& token) { return token.text == "'" || token.text == "’"; }

class Reader {
 public:
  explicit Reader(const std::vector<Token>& tokens) : tokens_(tokens) {
    roles_.reserve(tokens.size());
    for (const Token& token : tokens) roles_.push_back(role_of(token));
  }

  bool is_content(std::size_t i) const {
    switch (roles_[i]) {
      case Role::kOpen:
        return !is_piece_of_contraction(i);
      case Role::kHave:
        return !is_auxiliary_have(i);
      case Role::kDo:
        return after(i) != Role::kPronoun && after(i) != Role::kNegation &&
               after(i) != Role::kSymbol;
      case Role::kCan:    // "a can of paint"
      case Role::kWhile:  // "for a while"
        return before(i) == Role::kDeterminer || before(i) == Role::kNumeral;
      case Role::kLike:  // "they like", "would like", "like to"
        return before(i) == Role::kPronoun || before(i) == Role::kModal ||
               before(i) == Role::kNegation || before(i) == Role::kDo || word(i, -1) == "to" ||
               word(i, 1) == "to";
      case Role::kThere:  // "there is", but "over there"
        return after(i) != Role::kBe && after(i) != Role::kModal && after(i) != Role::kHave;
      case Role::kPlace:
        return !governs_something(i);
      default:
        return false;
    }
  }

 private:
  Role before(std::size_t i) const { return i == 0 ? Role::kSymbol : roles_[i - 1]; }
  Role after(std::size_t i) const { return i + 1 < roles_.size() ? roles_[i + 1] : Role::kSymbol; }
  std::string_view word(std::size_t i, int offset) const {
    const std::size_t at = i + static_cast<std::size_t>(offset);  // wraps below 0
    return at < tokens_.size() ? std::string_view(tokens_[at].text) : std::string_view();
  }

  /// "have been", "has just left", "have to": but not "has brown hair".
  bool is_auxiliary_have(std::size_t i) const {
    if (word(i, 1) == "to") return true;
    std::size_t next = i + 1;
    while (next < tokens_.size() &&
           (roles_[next] == Role::kNegation || is_middle_adverb(tokens_[next].text))) {
      ++next;
    }
    return next < tokens_.size() && is_participle(tokens_[next].text);
  }

  /// A preposition if something follows that it can stand before, an adverb if not.
  bool governs_something(std::size_t i) const {
    switch (after(i)) {
      case Role::kOpen:
      case Role::kDeterminer:
      case Role::kNumeral:
      case Role::kPronoun:
        return true;
      default:
        return false;
    }
  }

  /// Where apostrophes split: the "s", "t", "ll" after one, and the "didn" before one.
  bool is_piece_of_contraction(std::size_t i) const {
    const std::string_view now = tokens_[i].text;
    if (i > 0 && is_apostrophe(tokens_[i - 1])) {
      return now == "s" || now == "t" || now == "d" || now == "m" || now == "ll" || now == "re" ||
             now == "ve";
    }
    return i + 2 < tokens_.size() && is_apostrophe(tokens_[i + 1]) && tokens_[i + 2].text == "t";
  }

  const std::vector<Token>& tokens_;
  std::vector<Role> roles_;
};

}  // namespace

std::vector<bool> content_words(const std::vector<Token>& tokens) {
  const Reader reader(tokens);
  std::vector<bool> out(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) out[i] = reader.is_content(i);
  return out;
}

}  // namespace alignlab::features
