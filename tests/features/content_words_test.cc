#include "features/text/content_words.h"

#include <gtest/gtest.h>

#include <sstream>

namespace alignlab {
namespace {

using features::content_words;
using features::Token;
using features::TokenClass;

/// Sentences of our own, labelled by hand by the parts of speech of their words: a star marks
/// nouns, main verbs, adjectives and adverbs. "have" and "do" are main verbs unless they help
/// another or stand before "to"; "be" never is. Quantifiers and "other", "same", "own" count as
/// determiners, the particles of verbs ("close up") as prepositions.
constexpr const char* kLabelled[] = {
    "an old* fisherman* mends* his torn* net* beside the harbour*",
    "two girls* are building* a tall* tower* out of wooden* blocks*",
    "the cat* has* two white* paws* and a black* tail*",
    "a waiter* has just* dropped* a tray* full* of glasses*",
    "someone is pouring* hot* tea* into a small* blue* cup*",
    "there is a bicycle* leaning* against the brick* wall*",
    "three goats* stand* up there* on the rocks*",
    "a cyclist* in a yellow* jacket* rides* past a row* of parked* cars*",
    "children* who like* snow* are sliding* down the hill* again*",
    "a dog* like that one needs* a lot* of exercise*",
    "the boy* with the red* cap* looks* around* nervously*",
    "an elderly* couple* share* one umbrella* while it rains*",
    "she waited* for a while* and then* left* without a word*",
    "a painter* is standing* on a ladder* with a can* of green* paint*",
    "you can see* the whole* valley* from here*",
    "the musicians* have been playing* since early* morning*",
    "a tired* nurse* sits* alone* on a bench* outside*",
    "a man* waits* outside the closed* bakery*",
    "some of the players* do not wear* gloves*",
    "a juggler* does* tricks* with five burning* torches*",
    "they did* their homework* together* at the kitchen* table*",
    "it was too* dark* to take* a good* photograph*",
    "a train* is slowly* crossing* an iron* bridge* over the river*",
    "the horse* jumped* so* high* that nobody could believe* it",
    "four people* in life* vests* paddle* a rubber* raft* through white* water*",
    "a toddler* covered* in mud* laughs* at the camera*",
    "the second* runner* falls* behind* near the last* corner*",
    "neither of the brothers* knew* where the key* was",
    "a street* market* sells* fruit* , flowers* and second* hand* books*",
    "he would rather* walk* home* than take* the bus*",
    "a woman* holding* her own baby* talks* with another mother*",
    "most of the seats* were empty* before the concert* began*",
    "put* the dough* back* in the oven* for ten more minutes*",
    "stir* well* , add* the onions* and let* everything simmer*",
    "the old* bridge* was replaced* by a wider* one in spring*",
    "what are those climbers* doing* on top* of the frozen* waterfall*",
    "a boat* drifts* away* because its rope* has come* loose*",
    "both teams* wear* dark* shirts* , so it is hard* to tell* them apart*",
    "the shop* across the road* opens* only* on sundays*",
    "a very* large* bird* of prey* circles* above*",
    "his grandmother* used* to tell* stories* about the past*",
    "if the weather* holds* , we will sail* to the next* island* tomorrow*",
    "several dancers* in bright* costumes* are spinning* round* and round*",
    "a firefighter* carries* a frightened* kitten* down the stairs*",
    "the mechanic* who repaired* our van* did* a really* careful* job*",
    "dozens* of lanterns* hang* between the trees* at night*",
    "a girl* blows* soap* bubbles* toward her little* sister*",
    "nothing is left* but an empty* plate* and a few crumbs*",
    "please close* the door* when you leave* , or the heat* gets* out",
    "this is not the same hat* that she had* yesterday*",
    "a surfer* wipes* out in front* of a huge* wave*",
    "the museum* must have closed* earlier* than usual*",
    "workers* have to lift* each stone* by hand*",
    "no one ever* sits* on the broken* swing*",
    "an acrobat* hangs* upside* down* by her knees*",
    "half of the class* is asleep* , the others are drawing*",
    "would you like a slice* of my lemon* cake*",
    "a shepherd* and his flock* rest* under the only* tree*",
    "the sky* turned* more* orange* than anything we had ever* seen*",
    "a young* man* wearing* glasses* reads* to his blind* neighbour*",
    "a goalkeeper* dives* but cannot reach* the ball*",
    "many tourists* take* pictures* of themselves near the fountain*",
    "how the fox* got* inside* is still* a mystery*",
    "on weekends* the square* is full* of skaters* and food* stalls*",
};

struct Labelled {
  std::vector<Token> tokens;
  std::vector<bool> content;
};

Labelled labelled(const std::string& sentence) {
  Labelled out;
  std::istringstream words(sentence);
  for (std::string word; words >> word;) {
    const bool star = word.back() == '*';
    if (star) word.pop_back();
    out.tokens.push_back({word, word == "," ? TokenClass::kSymbol : TokenClass::kWord});
    out.content.push_back(star);
  }
  return out;
}

/// The words that the filter keeps, in one line.
std::string kept(const std::string& sentence) {
  const std::vector<Token> tokens =
      features::segments(sentence, true, features::Apostrophes::kJoin);
  const std::vector<bool> content = content_words(tokens);
  std::string out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (content[i]) out += (out.empty() ? "" : " ") + tokens[i].text;
  }
  return out;
}

TEST(ContentWords, AreTheLabelledOnesOfASampleNearlyAlways) {
  std::size_t right = 0, all = 0;
  for (const char* sentence : kLabelled) {
    const auto [tokens, content] = labelled(sentence);
    const std::vector<bool> found = content_words(tokens);
    ASSERT_EQ(found.size(), tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].what == TokenClass::kSymbol) continue;
      ++all;
      right += found[i] == content[i] ? 1 : 0;
    }
  }
  EXPECT_EQ(all, 621U);
  EXPECT_GE(right, 612U) << "the header claims 615";
}

TEST(ContentWords, DropEveryClosedClass) {
  EXPECT_EQ(kept("the two of them were not there , but she and i could"), "there");
  EXPECT_EQ(kept("a brown dog quickly runs through the wet grass"),
            "brown dog quickly runs wet grass");
  EXPECT_EQ(kept("7 dogs & 2 cats !"), "dogs cats");
  EXPECT_EQ(kept(""), "");
}

TEST(ContentWords, TellHaveAsAVerbFromTheAuxiliary) {
  EXPECT_EQ(kept("he has a hat"), "has hat");
  EXPECT_EQ(kept("he has jumped"), "jumped");
  EXPECT_EQ(kept("they have not yet been fed"), "fed");
  EXPECT_EQ(kept("they had never really seen it"), "never really seen");
  EXPECT_EQ(kept("we have to go"), "go");
}

TEST(ContentWords, TellCanLikeAndWhileByTheWordBeforeThem) {
  EXPECT_EQ(kept("it can float"), "float");
  EXPECT_EQ(kept("it is in a can"), "can");
  EXPECT_EQ(kept("they like it"), "like");
  EXPECT_EQ(kept("it is like that"), "");
  EXPECT_EQ(kept("while it rains"), "rains");
  EXPECT_EQ(kept("for a while"), "while");
}

TEST(ContentWords, TellAPrepositionFromAnAdverbByWhatFollows) {
  EXPECT_EQ(kept("he sits outside the house"), "sits house");
  EXPECT_EQ(kept("he sits outside ."), "sits outside");
  EXPECT_EQ(kept("he sits outside and reads"), "sits outside reads");
}

TEST(ContentWords, KnowThePiecesOfContractionsWhereApostrophesSplit) {
  const std::vector<Token> tokens =
      features::segments("the dog's bowl isn't here", true, features::Apostrophes::kSplit);
  // the dog ' s bowl isn ' t here
  EXPECT_EQ(content_words(tokens),
            (std::vector<bool>{false, true, false, false, true, false, false, false, true}));
}

}  // namespace
}  // namespace alignlab
