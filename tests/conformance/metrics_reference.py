"""The metrics of `alignlab score` against scikit-learn, SciPy and counts written from definitions.

    /usr/bin/python3 metrics_reference.py PATH_TO_alignlab

Random embeddings, of small whole numbers whose scores tie exactly or of normal ones, and rankings
with graded judgements. Exit code 0: all agree; 1: a line a disagreement; 77: a library is missing.
References are "libraries", "counting" of all orders of ties in closed form, and "enumeration" of
these orders one by one where they are few.
"""

import functools
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import warnings
from fractions import Fraction

try:
    import numpy as np
    from scipy import stats
    from scipy.spatial.distance import cdist
    from sklearn import metrics as sk
except ImportError as error:
    print(f"skipped: needs python3-sklearn and python3-scipy ({error})")
    sys.exit(77)

CASES = 120
CUTS = (1, 2, 3, 5, 10, 100)
ROUNDING, RESOLUTION = 1e-12, 2e-6  # scores closer than the first are equal; none lie between
MOST_ORDERS = 24  # of one query's ties, to enumerate them
SIMILARITIES = ("dot", "cosine", "dot", "euclidean", "dot", "pearson", "dot", "hamming")
POLICIES = ("expected",) * 4 + ("optimistic", "pessimistic", "index")
LIST_ROWS = ("mAP", "MAP@R", "R-Prec", "MRR")  # what lists tell beside metrics of the first k


class Direction:
    """Rows are the queries with something relevant, columns the candidates. A list holds only the
    first columns, as many as `listed` says."""

    def __init__(self, grades, scores, listed, policy):
        judged = (grades > 0).any(axis=1)
        self.grades, self.scores, self.listed = grades[judged], scores[judged], listed[judged]
        self.relevant = (self.grades > 0).astype(int)
        self.levels = levels_of(self.scores)
        tied = [j < length and np.sum(levels[:length] == levels[j]) > 1
                for levels, row, length in zip(self.levels, self.relevant, self.listed)
                for j in np.flatnonzero(row)]
        self.tie_rate = 100 * np.mean(tied)
        if policy != "expected":  # tells equal levels apart
            order = {"optimistic": self.grades, "pessimistic": -self.grades,
                     "index": -np.indices(self.levels.shape)[1]}[policy]
            self.levels = np.lexsort((order, self.levels), axis=1).argsort(axis=1)

    def ties(self, query):
        """Size and number of relevant ones of each tie in a query's list, best first."""
        levels = self.levels[query, :self.listed[query]]
        hits = self.relevant[query, :len(levels)]
        return [(int(np.sum(levels == level)), int(hits[levels == level].sum()))
                for level in np.unique(levels)[::-1]]


def levels_of(scores):
    """Whole numbers in the order of the scores; None where equality is in doubt."""
    ascending = np.sort(scores, axis=None)
    gaps = np.diff(ascending)
    if np.any((gaps > ROUNDING) & (gaps < RESOLUTION)):
        return None
    return np.searchsorted(ascending[np.r_[True, gaps > ROUNDING]], scores, side="right")


@functools.lru_cache(maxsize=None)
def chances_of(size, relevant):
    """Of `size` tied candidates: the chance that a relevant one has `i` of them, `c` of these
    relevant, before it."""
    ways = {(i, c): math.comb(i, c) * math.comb(size - i - 1, relevant - c - 1)
            for i in range(size) for c in range(relevant)}
    return [(i, c, Fraction(n, math.comb(size, relevant))) for (i, c), n in ways.items() if n]


def counting(ties):
    """The layout of a query, (place from 0, relevant ones before it, chance) of relevant
    candidates, with all orders of ties in one."""
    layout, first, before = [], 0, 0
    for size, hits in ties:
        layout += [(first + i, before + c, chance) for i, c, chance in chances_of(size, hits)]
        first, before = first + size, before + hits
    return [layout]


def enumeration(ties):
    """A layout for each order of ties; none where there are too many."""
    if math.prod(math.comb(*tie) for tie in ties) > MOST_ORDERS:
        return []
    ends = itertools.accumulate(size for size, _ in ties)
    choices = [itertools.combinations(range(end - size, end), hits)
               for end, (size, hits) in zip(ends, ties)]
    return [[(place, earlier, Fraction(1)) for earlier, place in enumerate(sum(chosen, ()))]
            for chosen in itertools.product(*choices)]


def query_metrics(layout, relevant):
    place, earlier, chance = np.array(layout, dtype=float).reshape(-1, 3).T
    best, precisions = earlier == 0, chance * (earlier + 1) / (place + 1)
    out = {"MeanR": chance[best] @ (place[best] + 1),
           "GeoMeanR": chance[best] @ np.log(place[best] + 1),
           "MRR": np.sum(chance[best] / (place[best] + 1)),
           "mAP": 100 * precisions.sum() / relevant,
           "MAP@R": 100 * precisions[place < relevant].sum() / relevant,
           "R-Prec": 100 * chance[place < relevant].sum() / relevant}
    for k in CUTS:
        found, hit = chance[place < k].sum(), chance[best & (place < k)].sum()
        out |= {f"success@{k}": hit, f"R@{k}": 100 * hit, f"recall@{k}": 100 * found / relevant,
                f"capped_recall@{k}": 100 * found / min(k, relevant),
                f"precision@{k}": 100 * found / k,
                f"F1@{k}": 200 / (k / found + relevant / found) if found else 0.0,
                # trec_eval's map_cut divides by all relevant, mAP@k by those that fit.
                f"mAP@{k}": 100 * precisions[place < k].sum() / min(k, relevant)}
    return out


def mean_of(metrics):
    return dict(zip(metrics[0], np.mean([list(own.values()) for own in metrics], axis=0)))


def expectations(direction, layouts_of):
    metrics, best_places = [], []
    for query, relevant in enumerate(direction.relevant.sum(axis=1)):
        layouts = layouts_of(direction.ties(query))
        if not layouts:
            return {}
        metrics.append(mean_of([query_metrics(layout, relevant) for layout in layouts]))
        best_places += [(place, chance / len(layouts)) for layout in layouts
                        for place, earlier, chance in layout if earlier == 0]
    out = mean_of(metrics)
    # Medians of the mixture of the queries' distributions, lower and upper.
    below = np.cumsum([chance for _, chance in sorted(best_places)])
    at = [np.argmax(2 * below >= below[-1]), np.argmax(2 * below > below[-1])]
    median = sum(sorted(best_places)[i][0] for i in at) // 2 + 1
    return out | {"GeoMeanR": math.exp(out["GeoMeanR"]), "MedR": median}


def gains(direction):
    # scikit-learn's gain is y_true as it is; 2^g - 1 is put in its place.
    return {name: 100 * sk.ndcg_score(gain, direction.levels, k=k) for k in CUTS for name, gain in
            ((f"nDCG@{k}", direction.grades), (f"nDCG_exp@{k}", 2.0 ** direction.grades - 1))}


def rates(relevant, predicted, average, name):
    found = sk.precision_recall_fscore_support(relevant, predicted, average=average,
                                               zero_division=0)
    return {name.format(rate): 100 * own for rate, own in zip(("precision", "recall", "F1"), found)}


def without_ties(direction):
    relevant, levels = direction.relevant, direction.levels
    if any(len(np.unique(row)) < len(row) for row in levels):
        return {}  # scikit-learn takes a tie as one threshold, mAP the mean over its orders
    places = stats.rankdata(-levels, axis=1)
    best = np.where(relevant, places, np.inf).min(axis=1)
    out = {"mAP": 100 * sk.label_ranking_average_precision_score(relevant, levels),
           "mAP@100": 100 * np.mean([sk.average_precision_score(*row)
                                     for row in zip(relevant, levels)]),
           "MeanR": best.mean(), "GeoMeanR": stats.gmean(best), "MRR": 1 / stats.hmean(best),
           "MedR": math.floor(np.median(best))}  # the median of ranks 5 and 6 is 5
    # scikit-learn divides by what there is, precision@k by k.
    for k in (k for k in CUTS if k < relevant.shape[1]):
        first = (places <= k).astype(int)
        out |= rates(relevant, first, "samples", "{}@" + str(k))
        if (relevant.sum(axis=1) == 1).all():
            out[f"R@{k}"] = 100 * sk.top_k_accuracy_score(relevant.argmax(axis=1), levels, k=k,
                                                          labels=range(relevant.shape[1]))
    return out


def over_pairs(direction, threshold):
    relevant, predicted = direction.relevant, (direction.scores >= threshold).astype(int)
    pooled = relevant.ravel(), levels_of(direction.scores).ravel()
    out = {"micro_AP": 100 * sk.average_precision_score(*pooled), "threshold": threshold,
           "accuracy@t": 100 * sk.accuracy_score(pooled[0], predicted.ravel())}
    out |= rates(relevant, predicted, "micro", "micro_{}@t")
    out |= rates(relevant, predicted, "samples", "macro_{}@t")
    if not predicted.any():
        out["micro_precision@t"] = None  # 0/0: undefined and absent, where scikit-learn takes 0
    # A query to which all is relevant has no area and is left out of the mean.
    areas = [sk.roc_auc_score(*row) for row in zip(relevant, direction.levels) if not row[0].all()]
    return out | {"micro_AUC": sk.roc_auc_score(*pooled) if areas else None,
                  "macro_AUC": np.mean(areas) if areas else None,
                  "FOSCTTM": 1 - np.mean(areas) if areas else None}


def similarity_scores(similarity, queries, candidates):
    if similarity == "dot":
        return queries @ candidates.T
    if similarity == "euclidean":
        # A scale that all queries share, which metrics over pairs of all queries need.
        return -cdist(queries, candidates, "sqeuclidean") / 2
    if similarity == "hamming":
        return np.rint(queries.shape[1] * (1 - 2 * cdist(queries >= 0, candidates >= 0, "hamming")))
    with np.errstate(invalid="ignore"):
        distances = cdist(queries, candidates, {"pearson": "correlation"}.get(similarity, "cosine"))
    return np.nan_to_num(1 - distances)  # rows without a direction score 0, where SciPy has NaN


class Comparison:
    def __init__(self, program):
        self.program = program
        rows = [row["name"] for row in self.json("list", "metrics")["metrics"]]
        self.names = [name for row in rows for name in
                      ([f"{row[:-1]}{k}" for k in CUTS] if row.endswith("@k") else [row])]
        self.faults, self.compared = [], set()

    def json(self, *arguments):
        return json.loads(subprocess.run([self.program, *map(str, arguments), "--json"], text=True,
                                         check=True, capture_output=True).stdout)

    def score(self, *arguments):
        return self.json("score", *arguments, "--metrics", ",".join(self.names),
                         "--intervals", "none")

    def values(self, case, found, source, expected):
        for name, value in expected.items():
            own = found.get(name)
            if own != value and (own is None or value is None or not math.isclose(
                    own, value, rel_tol=1e-12, abs_tol=1e-13)):
                self.faults.append(f"{case} {name}: alignlab {own}, {source} {value}")
        self.compared.update(expected)

    def direction(self, case, found, key, direction, threshold=None):
        """Compares one direction, of lists where there is no threshold."""
        sources = {own.__name__: expectations(direction, own) for own in (counting, enumeration)}
        sources["libraries"] = gains(direction)
        if threshold is not None:
            sources["libraries"] |= over_pairs(direction, threshold) | without_ties(direction)
        unknown = set(found["metrics"][key])
        for source, expected in sources.items():
            told = {name: value for name, value in expected.items()
                    if threshold is not None or name in LIST_ROWS or name[-1].isdigit()}
            self.values(f"{case} {key}", found["metrics"][key], source, told)
            unknown -= set(told)
        self.faults += [f"{case} {key} {name}: no reference" for name in sorted(unknown)]
        self.values(f"{case} tie rate", found["tie_rate"], "counting", {key: direction.tie_rate})
        return [sources["counting"][f"R@{k}"] for k in (1, 5, 10)]


def drawn_rows(random, similarity, rows, columns, spread):
    """Whole numbers; for cosine and Pearson normal ones, some repeated twice as long, and zeros."""
    if similarity not in ("cosine", "pearson"):
        return random.integers(-spread, spread + 1, (rows, columns)).astype(float)
    out = random.standard_normal((rows, columns)).astype(np.float32).astype(float)
    out[random.random(rows) < 0.1] = 0
    return out[random.integers(0, rows, rows)] * random.choice([1, 2], (rows, 1))


def embedding_case(comparison, folder, number):
    random = np.random.default_rng([1, number])
    similarity, policy = SIMILARITIES[number % 8], POLICIES[number // 8 % 7]
    is_exact = similarity not in ("cosine", "pearson")
    levels = None
    while levels is None:
        shape = random.integers(3, random.choice([6, 15, 60 if is_exact else 15]) + 1, 2)
        columns, spread = random.integers(2, 20), random.choice([1, 2, 1000])
        sides = [drawn_rows(random, similarity, rows, columns, spread) for rows in shape]
        scores = similarity_scores(similarity, *sides)
        levels = levels_of(scores)
    groups = random.choice([1, 2, shape.max()])  # 1: all is relevant
    names = [np.arange(rows) if number % 5 == 0 else random.integers(0, groups, rows)
             for rows in shape]
    names[1][0] = names[0][0]
    threshold = float(random.choice(scores.ravel())) - (0 if is_exact else RESOLUTION / 2)
    threshold += 3e7 * (number % 9 == 0)  # nothing is predicted
    arguments = ["--similarity", similarity, "--ties", policy, f"--threshold={threshold!r}"]
    for side, option, rows, own in zip(("query", "candidate"), ("--queries", "--candidates"),
                                       sides, names):
        np.save(folder / f"{side}.npy", rows.astype(random.choice(["f4", "f8"])))
        (folder / f"{side}.txt").write_text("".join(f"group {name}\n" for name in own))
        arguments += [option, folder / f"{side}.npy", f"--{side}-groups", folder / f"{side}.txt"]
    found = comparison.score(*arguments)
    case = f"embeddings {number} ({similarity}, {policy}, {shape[0]} x {shape[1]})"
    grades, hits = (names[0][:, None] == names[1]).astype(int), []
    for key, turned in (("query_to_candidate", np.asarray), ("candidate_to_query", np.transpose)):
        own = turned(grades)
        direction = Direction(own, turned(scores), np.full(*own.shape), policy)
        hits += comparison.direction(case, found, key, direction, threshold)
    comparison.values(f"{case} both", found["metrics"]["both"], "counting",
                      {"rsum": sum(hits), "r_mean": sum(hits) / 6})


def ranking_case(comparison, folder, number):
    """Lists of unequal length, some empty, that lack some relevant documents."""
    random = np.random.default_rng([2, number])
    policy, longest = POLICIES[number // 2 % 7], random.choice([4, 30])
    listed = random.integers(0, longest + 1, random.integers(2, 12))
    listed[0] = longest
    # Between a list and the documents that it lacks stand others: no metric looks that far.
    width = longest + 2 * max(CUTS)
    grades, scores = np.zeros((len(listed), width), int), np.full((len(listed), width), -1e6)
    run, qrels = ["unjudged Q0 d0 1 1.5 tag\n"], []
    for i, length in enumerate(listed):
        lacked = width - 1 - np.arange(random.integers(0, 3))
        grades[i, :length] = random.choice([0, 0, -1, 1, 1, 2, 3, 9], length)
        grades[i, lacked] = random.integers(1, 4, len(lacked))
        grades[0, 0] = 1
        scores[i, :length] = random.integers(-3, 4, length) / 2
        scores[i, lacked] -= 1
        run += [f"q{i}\tQ0 d{j} 0 {scores[i, j]} tag\n" for j in range(length)]
        qrels += [f"q{i} 0 d{j} {grades[i, j]}\n" for j in [*range(length), *lacked]]
    (folder / "run").write_text("".join(run))
    (folder / "qrels").write_text("".join(random.permutation(qrels)))
    found = comparison.score("--run", folder / "run", "--qrels", folder / "qrels", "--ties", policy)
    # Negative grades are not relevant; scikit-learn refuses them.
    direction = Direction(np.maximum(grades, 0), scores, listed, policy)
    comparison.direction(f"ranking {number} ({policy})", found, "query_to_candidate", direction)


def main(program):
    comparison = Comparison(program)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(CASES):
            for case in (embedding_case, ranking_case)[:1 + number % 2]:
                try:
                    case(comparison, pathlib.Path(folder), number)
                except subprocess.CalledProcessError as error:
                    comparison.faults.append(f"{case.__name__} {number}: {error.stderr.strip()}")
    comparison.faults += [f"{name}: a metric of the catalog without a reference"
                          for name in comparison.names if name not in comparison.compared]
    print("\n".join(comparison.faults) or f"{len(comparison.names)} metrics agree")
    return 1 if comparison.faults else 0


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.exit(main(sys.argv[1]))
