"""The canonical correlations of bench_cca.cc in SciPy, as one would write them: prints seconds as JSON."""

import argparse
import json
import os
import statistics
import time

parser = argparse.ArgumentParser()
for name in ("pairs", "first", "second", "width", "threads", "repetitions"):
    parser.add_argument("--" + name, type=int, required=True)
given = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = str(given.threads)

import numpy as np
from scipy.linalg import cholesky, solve_triangular, svd

SHARED = 32


def seen_through(random, latent, columns):
    noise = random.uniform(-4, 4, (len(latent), columns))
    return (latent @ random.standard_normal((SHARED, columns)) + noise).astype(np.float32)


def regularised_root(x):
    covariance = x.T @ x / len(x)
    covariance[np.diag_indices_from(covariance)] += np.trace(covariance) / len(covariance)
    return cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)


def fit(first, second):
    x = first.astype(np.float64)
    y = second.astype(np.float64)
    x -= x.mean(axis=0)
    y -= y.mean(axis=0)
    x_root, y_root = regularised_root(x), regularised_root(y)

    def solve(root, b, trans=0):
        return solve_triangular(root, b, trans=trans, lower=True, check_finite=False)

    whitened = solve(y_root, solve(x_root, x.T @ y / len(x)).T).T
    u, correlations, vt = svd(whitened, full_matrices=False, check_finite=False)
    width = max(given.width, SHARED + 1)
    return solve(x_root, u[:, :width], 1), solve(y_root, vt[:width].T, 1), correlations[:width]


def main():
    random = np.random.default_rng(1)
    latent = random.standard_normal((given.pairs, SHARED))
    first = seen_through(random, latent, given.first)
    second = seen_through(random, latent, given.second)
    correlations = fit(first, second)[2]
    assert correlations[SHARED - 1] > 1.5 * correlations[SHARED], correlations
    seconds = []
    for _ in range(given.repetitions):
        start = time.perf_counter()
        fit(first, second)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": statistics.median(seconds)}))


main()
