"""A small Gaussian process over mixed parameters, for Bayesian search with tens of runs.

optuna's Gaussian-process sampler needs torch (600 MB in the server's memory); its TPE, which does not, was clearly
worse after 15 runs (see `benchmarks/search.py`). This one needs numpy and scipy's L-BFGS only.
Sources: Rasmussen and Williams, Gaussian Processes for Machine Learning, chapters 2, 4.2 and 5.4 (regression, Matérn
kernel, marginal likelihood); Snoek et al. 2012, https://arxiv.org/abs/1206.2944 (its use for hyper-parameters).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import OptimizeResult, minimize

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROOT5 = math.sqrt(5.0)
JITTER = 1e-8
STEPS = 30
# Log-normal priors (mean and deviation of the logarithm). A column of numbers spans [0, 1], a choice differs by 0 or 1.
LENGTH_OF_NUMBER, LENGTH_OF_CHOICE, LENGTH_DEVIATION = math.log(0.5), 0.0, 0.7
MEANS, DEVIATIONS = (0.0, math.log(0.02)), (1.0, 1.0)  # of signal and noise
DOUBTFUL_MEANS, DOUBTFUL_DEVIATIONS = (0.0, math.log(0.1)), (2.0, 2.0)
NOISY = (-2.0, 0.0)  # a start: signal and noise
LENGTH_LIMITS, SIGNAL_LIMITS, NOISE_LIMITS = (-3.0, 4.0), (-5.0, 3.0), (-9.0, 1.0)


def squared_distances(a: Array, b: Array, choice: Flags) -> Array:
    """Squared difference per column, 0 or 1 where the column is a choice: (n, d), (m, d) -> (n, m, d)."""
    difference = a[:, None, :] - b[None, :, :]
    return np.where(choice, difference != 0, difference**2)


def matern(squared: Array, lengths: Array) -> tuple[Array, Array]:
    """Matérn 5/2 kernel (n, m) with one length per column, and minus twice its derivative by the scaled distance²."""
    scaled = squared @ lengths**-2.0  # (n, m)
    root = ROOT5 * np.sqrt(scaled)
    decay = np.exp(-root)
    return (1 + root + root**2 / 3) * decay, 5 / 3 * (1 + root) * decay


class GaussianProcess:
    """Posterior of a function given noisy values of it; its hyper-parameters maximise the posterior density.

    Args:
        x: points (n, d): numbers in [0, 1], choices as indices.
        y: values (n,), standardised.
        choice: (d,) which columns are choices.
        doubtful: whether the values may as well be noise alone: the priors of signal and noise are wide, and the search
            for the hyper-parameters starts from much noise too.
    """

    def __init__(self, x: Array, y: Array, choice: Flags, doubtful: bool = False) -> None:
        self.x, self.y, self.choice = x, y, choice
        prior = np.where(choice, LENGTH_OF_CHOICE, LENGTH_OF_NUMBER)
        scales, spread = (DOUBTFUL_MEANS, DOUBTFUL_DEVIATIONS) if doubtful else (MEANS, DEVIATIONS)
        self.means = np.append(prior, scales)
        self.deviations = np.append(np.full(len(prior), LENGTH_DEVIATION), spread)
        starts = [self.means, np.append(prior, NOISY)] if doubtful else [self.means]
        limits = [LENGTH_LIMITS] * len(prior) + [SIGNAL_LIMITS, NOISE_LIMITS]
        squared = squared_distances(x, x, choice)
        found = min((self._fit(start, squared, limits) for start in starts), key=lambda fit: fit.fun)
        self.loss = float(found.fun)  # negative log posterior density, up to a constant of the shape
        self.lengths, (self.signal, self.noise) = np.exp(found.x[:-2]), np.exp(found.x[-2:])
        self._factorise()

    def _fit(self, start: Array, squared: Array, limits: Sequence[tuple[float, float]]) -> OptimizeResult:
        options = {"maxiter": STEPS}
        return minimize(self._loss, start, args=(squared,), jac=True, method="L-BFGS-B", bounds=limits, options=options)

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Posterior mean and standard deviation of the function itself, without noise: (m, d) -> (m,), (m,)."""
        cross = self.signal * matern(squared_distances(x, self.x, self.choice), self.lengths)[0]  # (m, n)
        reduced = solve_triangular(self._factor[0], cross.T, lower=True)  # (n, m)
        variance = self.signal - (reduced**2).sum(0)
        return cross @ self._weights, np.sqrt(np.maximum(variance, 1e-10))

    def left_out(self) -> Array:
        """What each value differs by from its prediction out of all others (n,): Rasmussen and Williams 5.12."""
        return np.asarray(self._weights / np.diag(cho_solve(self._factor, np.eye(len(self.y)))))

    def believe(self, x: Array) -> None:
        """Add points (m, d) that are being evaluated, each with the value that is expected there (kriging believer)."""
        mean, _ = self.predict(x)
        self.x, self.y = np.vstack([self.x, x]), np.append(self.y, mean)
        self._factorise()

    def _factorise(self) -> None:
        kernel = self.signal * matern(squared_distances(self.x, self.x, self.choice), self.lengths)[0]
        self._factor = cho_factor(kernel + (self.noise + JITTER) * np.eye(len(self.y)), lower=True)
        self._weights = cho_solve(self._factor, self.y)

    def _loss(self, logs: Array, squared: Array) -> tuple[float, Array]:
        """Negative log posterior density of the hyper-parameters' logarithms, and its gradient."""
        lengths, (signal, noise) = np.exp(logs[:-2]), np.exp(logs[-2:])
        kernel, slope = matern(squared, lengths)
        factor = cho_factor(signal * kernel + (noise + JITTER) * np.eye(len(self.y)), lower=True)
        inverse = cho_solve(factor, np.eye(len(self.y)))
        weights = inverse @ self.y
        offset = (logs - self.means) / self.deviations
        loss = 0.5 * self.y @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * offset @ offset
        outer = inverse - np.outer(weights, weights)
        by_length = 0.5 * signal * np.einsum("ij,ijk->k", outer * slope, squared) / lengths**2
        by_scale = [0.5 * signal * (outer * kernel).sum(), 0.5 * noise * np.trace(outer)]
        return float(loss), np.append(by_length, by_scale) + offset / self.deviations
