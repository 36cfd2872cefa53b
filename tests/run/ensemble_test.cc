// [[ensemble]] of a config, as it is resolved: the trials that it makes, and what is refused.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "run/experiment.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::message_of;
using Lines = std::vector<std::string>;

// Lines 1 to 16 of every config here; what a test adds begins on line 17.
constexpr const char* kCases =
    "[dataset]\n"
    "file = \"d.h5\"\n"
    "[features.image]\n"
    "kind = \"colour-histogram\"\n"
    "[features.text]\n"
    "kind = \"tfidf\"\n"
    "[aligner]\n"
    "kind = \"contrastive\"\n"
    "[[sweep.case]]\n"
    "name = \"towers\"\n"
    "[[sweep.case]]\n"
    "name = \"mlp\"\n"
    "set = { \"aligner.kind\" = \"mlp-mse\" }\n"
    "[[sweep.case]]\n"
    "name = \"cca\"\n"
    "set = { \"aligner.kind\" = \"cca\" }\n";

Experiment resolved(const std::string& more, const Lines& overrides = {}) {
  std::vector<Override> given;
  for (const std::string& argument : overrides) given.push_back(parse_override(argument));
  return resolve_experiment(parse_toml(kCases + more, "c.toml"), given);
}

std::string refusal(const std::string& more, const Lines& overrides = {}) {
  return message_of<ConfigError>([&] { resolved(more, overrides); });
}

/// An entry "both" with two members that draw, and what a test adds to it.
std::string both(const std::string& more = "") {
  return "[[ensemble]]\nname = \"both\"\nmembers = [\"towers\", \"mlp\"]\n" + more;
}

std::vector<TrialSpec> ensembles_of(const Experiment& experiment) {
  std::vector<TrialSpec> out;
  std::ranges::copy_if(experiment.trials, std::back_inserter(out), &TrialSpec::is_ensemble);
  return out;
}

/// "row seed: member seed, member seed".
Lines described(const Experiment& experiment) {
  Lines out;
  for (const TrialSpec& spec : ensembles_of(experiment)) {
    std::string line = spec.row() + " " + std::to_string(spec.seed) + ":";
    for (const TrialSpec& member : spec.members) {
      line += " " + member.case_name + " " + std::to_string(member.seed) + ",";
    }
    line.pop_back();
    out.push_back(line);
  }
  return out;
}

TrialSpec only(const std::string& more, const Lines& overrides = {}) {
  const auto found = ensembles_of(resolved(more, overrides));
  EXPECT_EQ(found.size(), 1U);
  return found.front();
}

TEST(Ensemble, IsOneTrialASeedWithMembersOfThatSeed) {
  const Experiment experiment = resolved(both() + "[sweep.grid]\nseed = [4, 7]\n");
  EXPECT_EQ(described(experiment), (Lines{"both 4: towers 4, mlp 4", "both 7: towers 7, mlp 7"}));
  // Two seeds of towers and mlp, one of cca.
  EXPECT_EQ(experiment.trials.size(), 7U);
  EXPECT_FALSE(experiment.trials[4].is_ensemble());
  EXPECT_EQ(described(resolved(both())), Lines{"both 0: towers 0, mlp 0"});
}

TEST(Ensemble, HasMembersThatAreTheTrialsOfTheirCases) {
  const Experiment experiment = resolved(both());
  const TrialSpec& towers = experiment.trials[0];
  const TrialSpec ensemble = ensembles_of(experiment).front();
  EXPECT_EQ(ensemble.members[0].aligner, "contrastive");
  EXPECT_EQ(ensemble.members[0].aligner_options, towers.aligner_options);
  EXPECT_EQ(ensemble.members[0].first_features.kind, "colour-histogram");
  EXPECT_EQ(ensemble.members[1].aligner, "mlp-mse");
  EXPECT_EQ(ensemble.dataset, "d.h5");
  EXPECT_EQ(ensemble.first, Modality::kImage);
  EXPECT_EQ(ensemble.second, Modality::kText);
  EXPECT_EQ(ensemble.weights, (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(ensemble.models(),
            (std::vector<const TrialSpec*>{&ensemble.members[0], &ensemble.members[1]}));
  EXPECT_EQ(towers.models(), std::vector<const TrialSpec*>{&towers});
}

TEST(Ensemble, TakesSeveralSeedsOfEachMemberAndNeverSharesOne) {
  EXPECT_EQ(described(resolved(both("seeds = 3\n") + "[sweep.grid]\nseed = [0, 1, 5]\n")),
            (Lines{"both 0: towers 0, towers 1, towers 2, mlp 0, mlp 1, mlp 2",
                   "both 1: towers 3, towers 4, towers 5, mlp 3, mlp 4, mlp 5",
                   "both 5: towers 15, towers 16, towers 17, mlp 15, mlp 16, mlp 17"}));
}

TEST(Ensemble, CountsAMemberThatDrawsNothingOnce) {
  const std::string mixed =
      "[[ensemble]]\nname = \"mixed\"\nmembers = [\"towers\", \"cca\"]\nweights = [0.5, 2.0]\n"
      "seeds = 2\n[sweep.grid]\nseed = [3, 4]\n";
  const Experiment experiment = resolved(mixed);
  EXPECT_EQ(described(experiment),
            (Lines{"mixed 3: towers 6, towers 7, cca 0", "mixed 4: towers 8, towers 9, cca 0"}));
  EXPECT_EQ(ensembles_of(experiment)[0].weights, (std::vector<double>{0.25, 0.25, 2.0}));
}

TEST(Ensemble, IsOneTrialForAllSeedsWhereNoMemberDraws) {
  const std::string lone =
      "[[ensemble]]\nname = \"lone\"\nmembers = [\"cca\"]\n[sweep.grid]\nseed = [3, 4, 5]\n";
  const Experiment experiment = resolved(lone);
  EXPECT_EQ(described(experiment), Lines{"lone 0: cca 0"});
  EXPECT_EQ(experiment.notices, Lines{"cca draws nothing at random: one trial for all seeds"});
}

TEST(Ensemble, SaysNothingOfSeedsWhereNoneAreAsked) {
  EXPECT_TRUE(
      resolved("[[ensemble]]\nname = \"lone\"\nmembers = [\"cca\"]\nseeds = 3\n").notices.empty());
}

TEST(Ensemble, TakesSeedsOfEveryMemberUnderALabelBudgetWhichIsDrawn) {
  const std::string lone =
      "[train]\nlabel_budget = 20\n[[ensemble]]\nname = \"lone\"\nmembers = [\"cca\"]\n"
      "seeds = 2\n[sweep.grid]\nseed = [3, 4]\n";
  const Experiment experiment = resolved(lone);
  EXPECT_EQ(described(experiment), (Lines{"lone 3: cca 6, cca 7", "lone 4: cca 8, cca 9"}));
  EXPECT_TRUE(experiment.notices.empty());
  EXPECT_EQ(std::ranges::count(experiment.trials, "cca", &TrialSpec::case_name), 2);
  EXPECT_EQ(ensembles_of(experiment)[0].members[0].train.integer("label_budget"), 20);
}

TEST(LabelBudget, OfNothingLeavesASeedlessAlignerOneTrial) {
  const Experiment experiment =
      resolved("[train]\nlabel_budget = 0\n[sweep.grid]\nseed = [3, 4]\n");
  EXPECT_EQ(std::ranges::count(experiment.trials, "cca", &TrialSpec::case_name), 1);
}

TEST(Ensemble, IsMultipliedByGridAxesWhichNameItsRows) {
  const Experiment experiment =
      resolved(both() + "[sweep.grid]\n\"features.image.bins\" = [4, 8]\nseed = [1, 2]\n");
  EXPECT_EQ(described(experiment), (Lines{"both (features.image.bins=4) 1: towers 1, mlp 1",
                                          "both (features.image.bins=4) 2: towers 2, mlp 2",
                                          "both (features.image.bins=8) 1: towers 1, mlp 1",
                                          "both (features.image.bins=8) 2: towers 2, mlp 2"}));
  for (const TrialSpec& member : ensembles_of(experiment)[2].members) {
    EXPECT_EQ(member.first_features.options.integer("bins"), 8);
  }
}

TEST(Ensemble, IsNamedByAnAxisThatSomeMemberHas) {
  const Experiment experiment =
      resolved(both() + "[sweep.grid]\n\"aligner.temperature\" = [1, 2]\n");
  EXPECT_EQ(described(experiment), (Lines{"both (aligner.temperature=1) 0: towers 0, mlp 0",
                                          "both (aligner.temperature=2) 0: towers 0, mlp 0"}));
  EXPECT_EQ(ensembles_of(experiment)[1].members[0].aligner_options.real("temperature"), 2.0);
}

TEST(Ensemble, FollowsAxesOfTheEvaluationAndOfTraining) {
  const Experiment experiment = resolved(
      both() + "[sweep.grid]\n\"eval.similarity\" = [\"dot\", \"pearson\"]\n", {"train.threads=3"});
  const auto found = ensembles_of(experiment);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].row(), "both (eval.similarity=dot)");
  EXPECT_EQ(found[0].eval.text("similarity"), "dot");
  EXPECT_EQ(found[1].eval.text("similarity"), "pearson");
  EXPECT_EQ(found[1].train.integer("threads"), 3);
  EXPECT_EQ(found[1].members[0].train.integer("threads"), 3);
}

TEST(Ensemble, SetsKeysOfItsOwnEvaluationAndOfNoOther) {
  const Experiment experiment = resolved(
      "[eval]\nties = \"index\"\n" +
      both("set = { \"eval.correction\" = \"csls\", \"eval.correction_neighbours\" = 5 }\n"));
  const TrialSpec ensemble = ensembles_of(experiment).front();
  EXPECT_EQ(ensemble.eval.text("correction"), "csls");
  EXPECT_EQ(ensemble.eval.integer("correction_neighbours"), 5);
  EXPECT_EQ(ensemble.eval.text("ties"), "index");
  for (const TrialSpec& spec : experiment.trials) {
    if (spec.is_ensemble()) continue;
    EXPECT_EQ(spec.eval.text("correction"), "none") << spec.case_name;
  }
  for (const TrialSpec& member : ensemble.members) {
    EXPECT_EQ(member.eval.text("correction"), "none");
  }
}

TEST(Ensemble, TakesItsWeightsAsTheyAreWritten) {
  EXPECT_EQ(only(both("weights = [2, 0.25]\n")).weights, (std::vector<double>{2.0, 0.25}));
  EXPECT_EQ(only(both("weights = []\n")).weights, (std::vector<double>{1.0, 1.0}));
}

TEST(Ensemble, StandsAfterTheCasesInTheOrderOfTheFile) {
  const Experiment experiment =
      resolved("[[ensemble]]\nname = \"z\"\nmembers = [\"mlp\", \"cca\"]\n" + both());
  Lines names;
  for (const TrialSpec& spec : experiment.trials) names.push_back(spec.row());
  EXPECT_EQ(names, (Lines{"towers", "mlp", "cca", "z", "both"}));
}

TEST(Ensemble, ShowsTheMetricsOfTheTable) {
  const Experiment experiment = resolved(
      both() + "[eval]\nmetrics = [\"MRR\"]\n[table]\ncolumns = [\"image_to_text.R@3\"]\n");
  EXPECT_EQ(ensembles_of(experiment).front().eval.texts("metrics"), (Lines{"MRR", "R@3"}));
}

TEST(EnsembleJson, ComesBackAsItWas) {
  const Experiment experiment = resolved(
      both(
          "seeds = 2\nweights = [0.1, 3]\nset = { \"eval.correction\" = \"inverted-softmax\" }\n") +
      "[[ensemble]]\nname = \"other\"\nmembers = [\"cca\", \"mlp\"]\n"
      "[sweep.grid]\n\"features.text.min_count\" = [1, 3]\nseed = [5, 6]\n");
  const auto found = ensembles_of(experiment);
  ASSERT_EQ(found.size(), 8U);
  for (const TrialSpec& spec : found) {
    const std::string text = to_json(spec).dump();
    EXPECT_EQ(spec_from_json(nlohmann::json::parse(text)), spec) << text;
    EXPECT_EQ(to_json(spec_from_json(nlohmann::json::parse(text))).dump(), text);
  }
}

std::string id_of(const TrialSpec& spec) { return trial_id(spec, "hash"); }

TEST(EnsembleId, IgnoresNamesAndHowMembersWouldBeEvaluatedAlone) {
  const TrialSpec plain = only(both());
  TrialSpec renamed = plain;
  renamed.case_name = "another";
  renamed.axes = {{"aligner.temperature", "0.07"}};
  renamed.members[0].case_name = "third";
  renamed.members[0].axes = {{"seed", "0"}};
  renamed.members[0].dataset = "elsewhere/d.h5";
  renamed.members[1].eval.set("correction", std::string("csls"));
  renamed.members[1].eval.set("metrics", Lines{"R@7"});
  renamed.eval.set("metrics", Lines{"R@7"});
  EXPECT_EQ(id_of(renamed), id_of(plain));
  EXPECT_EQ(id_of(only(both("weights = [1, 1]\nseeds = 1\n"))), id_of(plain));
}

TEST(EnsembleId, DependsOnEverythingThatChangesTheResult) {
  std::set<std::string> ids{id_of(only(both())), trial_id(only(both()), "other data"),
                            id_of(resolved(both()).trials.front())};
  std::size_t changes = ids.size();
  for (const char* change : {"weights = [1, 2]\n", "weights = [2, 1]\n", "seeds = 2\n",
                             "set = { \"eval.correction\" = \"csls\" }\n",
                             "set = { \"eval.similarity\" = \"dot\" }\n"}) {
    EXPECT_TRUE(ids.insert(id_of(only(both(change)))).second) << change;
    ++changes;
  }
  for (const char* change :
       {"seed=1", "features.image.bins=4", "aligner.temperature=0.05", "aligner.epochs=2",
        "train.threads=2", "train.label_budget=9", "eval.split=dev", "eval.ties=index"}) {
    EXPECT_TRUE(ids.insert(id_of(only(both(), {change}))).second) << change;
    ++changes;
  }
  const std::string turned = "[[ensemble]]\nname = \"both\"\nmembers = [\"mlp\", \"towers\"]\n";
  EXPECT_TRUE(ids.insert(id_of(only(turned))).second);
  EXPECT_EQ(ids.size(), changes + 1);
}

TEST(EnsembleSpecHash, TellsRecordsOfOneTrialApart) {
  const TrialSpec plain = only(both());
  TrialSpec renamed = plain;
  renamed.case_name = "another";
  EXPECT_EQ(spec_hash(plain, "hash"), spec_hash(only(both()), "hash"));
  EXPECT_NE(spec_hash(plain, "hash"), spec_hash(renamed, "hash"));
  EXPECT_NE(spec_hash(plain, "hash"), spec_hash(plain, "other data"));
}

TEST(Ensemble, RefusesAMemberThatIsNoCaseWithASuggestion) {
  EXPECT_EQ(refusal("[[ensemble]]\nname = \"e\"\nmembers = [\"towers\", \"ccaa\"]\n"),
            "c.toml:17:1: ensemble 'e': no sweep.case is named 'ccaa' (did you mean 'cca'?)");
  EXPECT_TRUE(contains(refusal("[[ensemble]]\nname = \"e\"\nmembers = [\"\"]\n"),
                       "c.toml:17:1: ensemble 'e': no sweep.case is named ''"));
  // Nor can an ensemble be a member.
  EXPECT_TRUE(contains(refusal(both() + "[[ensemble]]\nname = \"e\"\nmembers = [\"both\"]\n"),
                       "c.toml:20:1: ensemble 'e': no sweep.case is named 'both'"));
}

TEST(Ensemble, RefusesAConfigWithoutCases) {
  const std::string text =
      "[dataset]\nfile = \"d.h5\"\n[features.image]\nkind = \"hog\"\n[features.text]\n"
      "kind = \"bow\"\n[aligner]\nkind = \"random\"\n[[ensemble]]\nname = \"e\"\n"
      "members = [\"random\"]\n";
  EXPECT_TRUE(
      contains(message_of<ConfigError>([&] { resolve_experiment(parse_toml(text, "c.toml"), {}); }),
               "c.toml:9:1: ensemble 'e': no sweep.case is named 'random'"));
}

TEST(Ensemble, RefusesANameThatIsTaken) {
  EXPECT_EQ(refusal("[[ensemble]]\nname = \"mlp\"\nmembers = [\"towers\"]\n"),
            "c.toml:17:1: a sweep.case is named 'mlp' too");
  EXPECT_EQ(refusal(both() + both()), "c.toml:20:1: a second ensemble is named 'both'");
}

TEST(Ensemble, RefusesWeightsThatAreNotOneAMember) {
  EXPECT_EQ(refusal(both("weights = [1, 2, 3]\n")),
            "c.toml:20:1: ensemble 'both': expected a weight a member, 2, found 3");
  EXPECT_EQ(refusal(both("weights = [1]\n")),
            "c.toml:20:1: ensemble 'both': expected a weight a member, 2, found 1");
  EXPECT_TRUE(contains(refusal(both("weights = [1, -0.5]\n")),
                       "ensemble.weights: expected a value >= 0, found -0.5"));
}

TEST(Ensemble, RefusesToSetWhatIsNotOfItsEvaluation) {
  EXPECT_EQ(refusal(both("set = { \"aligner.width\" = 3 }\n")),
            "c.toml:20:9: ensemble 'both' can set keys of [eval], found 'aligner.width'");
  EXPECT_EQ(refusal(both("set = { seed = 3 }\n")),
            "c.toml:20:9: ensemble 'both' can set keys of [eval], found 'seed'");
  EXPECT_EQ(refusal(both("set = { \"eval.spilt\" = \"dev\" }\n")),
            "c.toml:20:9: unknown key 'eval.spilt' (did you mean 'split'?)");
  EXPECT_EQ(refusal(both("set = 3\n")), "c.toml:20:1: ensemble 'both': 'set' must be a table");
}

TEST(Ensemble, RefusesEuclideanDistancesHoweverTheyAreAskedFor) {
  const std::string message =
      "c.toml:17:1: ensemble 'both' adds products of rows; with eval.similarity \"euclidean\" "
      "there are none";
  EXPECT_EQ(refusal(both("set = { \"eval.similarity\" = \"euclidean\" }\n")), message);
  EXPECT_EQ(refusal(both(), {"eval.similarity=euclidean"}), message);
}

TEST(Ensemble, RefusesMembersThatAlignOtherData) {
  const auto other = [](const std::string& set) {
    return refusal(
        "[[ensemble]]\nname = \"e\"\nmembers = [\"towers\", \"far\"]\n"
        "[[sweep.case]]\nname = \"far\"\nset = { " +
        set + " }\n");
  };
  EXPECT_EQ(other("\"dataset.file\" = \"e.h5\""),
            "c.toml:17:1: ensemble 'e': 'towers' and 'far' align other data");
}

TEST(Ensemble, RefusesUnknownKeysMissingOnesAndValuesOfNoUse) {
  EXPECT_EQ(refusal(both("wieghts = [1, 2]\n")),
            "c.toml:20:1: unknown key 'ensemble.wieghts' (did you mean 'weights'?)");
  EXPECT_TRUE(contains(refusal("[[ensemble]]\nname = \"e\"\n"),
                       "c.toml:17:1: [ensemble] must say 'members'"));
  EXPECT_TRUE(contains(refusal("[[ensemble]]\nmembers = [\"mlp\"]\n"),
                       "c.toml:17:1: [ensemble] must say 'name'"));
  EXPECT_TRUE(contains(refusal("[[ensemble]]\nname = \"e\"\nmembers = []\n"),
                       "ensemble.members: expected at least one value, found an empty list"));
  EXPECT_EQ(refusal(both("seeds = 0\n")),
            "c.toml:20:1: ensemble.seeds: expected a value 1 to 1000, found 0");
  EXPECT_EQ(refusal("[ensemble]\nname = \"e\"\nmembers = [\"mlp\"]\n"),
            "c.toml:17:1: expected [[ensemble]] entries, found a table");
}

TEST(Correction, RefusesOptionsThatNothingReads) {
  const auto eval = [](const std::string& lines) { return refusal("[eval]\n" + lines); };
  EXPECT_EQ(
      eval("correction_bank = \"evaluated\"\n"),
      "c.toml:18:1: eval.correction_bank has an effect only with eval.correction = \"csls\" "
      "or \"inverted-softmax\" or \"dual-softmax\" or \"sinkhorn\" or \"qb-norm\"; it is \"none\"");
  EXPECT_EQ(eval("correction_neighbours = 5\ncorrection = \"inverted-softmax\"\n"),
            "c.toml:18:1: eval.correction_neighbours has an effect only with eval.correction = "
            "\"csls\"; it is \"inverted-softmax\"");
  EXPECT_EQ(
      eval("correction_temperature = 0.5\ncorrection = \"csls\"\n"),
      "c.toml:18:1: eval.correction_temperature has an effect only with eval.correction = "
      "\"inverted-softmax\" or \"dual-softmax\" or \"sinkhorn\" or \"qb-norm\"; it is \"csls\"");
  EXPECT_EQ(eval("correction_iterations = 5\ncorrection = \"csls\"\n"),
            "c.toml:18:1: eval.correction_iterations has an effect only with eval.correction = "
            "\"sinkhorn\"; it is \"csls\"");
  EXPECT_TRUE(contains(eval("correction = \"cslss\"\n"), "'cslss' is not one of its values"));
  EXPECT_EQ(eval("correction = \"csls\"\ncorrection_neighbours = 0\n"),
            "c.toml:19:1: eval.correction_neighbours: expected a value >= 1, found 0");
  EXPECT_TRUE(contains(refusal(both("set = { \"eval.correction_neighbours\" = 5 }\n")),
                       "eval.correction_neighbours has an effect only with"));
}

TEST(Correction, OfSomeQueriesAloneRefusesWhatComparesAll) {
  const auto eval = [](const std::string& lines) {
    return refusal("[eval]\ncorrection = \"qb-norm\"\n" + lines);
  };
  EXPECT_EQ(eval("metrics = [\"R@1\", \"micro_F1@t\"]\n"),
            "c.toml:19:1: metric 'micro_F1@t' compares scores of different queries; correction "
            "'qb-norm' leaves them on different scales");
  EXPECT_EQ(eval("metrics = [\"micro_AP\"]\n"),
            "c.toml:19:1: metric 'micro_AP' compares scores of different queries; correction "
            "'qb-norm' leaves them on different scales");
  EXPECT_EQ(eval("kernel = \"hamming\"\n"),
            "c.toml:18:1: eval.correction \"qb-norm\" is not for every query, so it needs an exact "
            "kernel; found \"hamming\"");
  // Those that nobody wrote are left out.
  const TrialSpec spec = resolved("[eval]\ncorrection = \"qb-norm\"\n").trials.front();
  EXPECT_EQ(spec.eval.text("correction"), "qb-norm");
}

TEST(Correction, TakesTheOptionsOfItsKind) {
  const TrialSpec spec =
      resolved(
          "[eval]\ncorrection = \"inverted-softmax\"\ncorrection_temperature = 0.5\n"
          "correction_bank = \"evaluated\"\n")
          .trials.front();
  EXPECT_EQ(spec.eval.real("correction_temperature"), 0.5);
  EXPECT_EQ(spec.eval.text("correction_bank"), "evaluated");
  EXPECT_EQ(resolved("").trials.front().eval.text("correction"), "none");
}

TEST(Control, OfAnOracleIsOneTrialForAllSeeds) {
  const Experiment experiment = resolved(
      "[[sweep.case]]\nname = \"oracle\"\nset = { \"eval.control\" = \"oracle\" }\n"
      "[sweep.grid]\nseed = [1, 2]\n");
  EXPECT_EQ(std::ranges::count(experiment.trials, "oracle", &TrialSpec::case_name), 1);
  EXPECT_EQ(std::ranges::count(experiment.trials, "towers", &TrialSpec::case_name), 2);
}

}  // namespace
}  // namespace alignlab
