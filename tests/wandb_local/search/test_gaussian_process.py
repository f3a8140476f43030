"""The Gaussian process against scikit-learn's, and its gradient against finite differences."""

import numpy as np
from scipy.optimize import check_grad
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from wandb_local.search import bayes
from wandb_local.search.gaussian_process import GaussianProcess, squared_distances

GENERATOR = np.random.default_rng(0)
POINTS = np.column_stack([GENERATOR.random((20, 2)), GENERATOR.integers(0, 3, 20)])
CHOICE = np.array([False, False, True])
VALUES = np.sin(5 * POINTS[:, 0]) + 0.5 * (POINTS[:, 2] == 1) + 0.05 * GENERATOR.standard_normal(20)
VALUES = (VALUES - VALUES.mean()) / VALUES.std()
OTHERS = np.column_stack([GENERATOR.random((7, 2)), GENERATOR.integers(0, 3, 7)])


def indicators(points):
    """A choice as indicator columns: different choices are at the distance 1 after scaling by sqrt(1/2)."""
    return np.column_stack([points[:, :2], np.eye(3)[points[:, 2].astype(int)] * np.sqrt(0.5)])


def test_prediction_agrees_with_scikit_learn():
    process = GaussianProcess(POINTS, VALUES, CHOICE)
    lengths = [*process.lengths[:2], *[process.lengths[2]] * 3]
    kernel = ConstantKernel(process.signal, "fixed") * Matern(lengths, "fixed", nu=2.5)
    reference = GaussianProcessRegressor(kernel, alpha=process.noise + 1e-8).fit(indicators(POINTS), VALUES)
    mean, deviation = process.predict(OTHERS)
    expected_mean, expected_deviation = reference.predict(indicators(OTHERS), return_std=True)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(deviation, expected_deviation, rtol=1e-6)


def test_likelihood_agrees_with_scikit_learn_and_its_gradient_with_differences():
    process = GaussianProcess(POINTS, VALUES, CHOICE)
    squared = squared_distances(POINTS, POINTS, CHOICE)
    kernel = ConstantKernel() * Matern(np.ones(5), nu=2.5) + WhiteKernel()
    reference = GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-8).fit(indicators(POINTS), VALUES)
    for logs in (process.means, process.means + np.array([0.3, -0.2, 0.4, 0.5, 1.0])):
        offset = (logs - process.means) / process.deviations
        theta = [logs[3], *logs[:2], *[logs[2]] * 3, logs[4]]
        likelihood = reference.log_marginal_likelihood(np.array(theta)) + 10 * np.log(2 * np.pi)
        np.testing.assert_allclose(process._loss(logs, squared)[0], 0.5 * offset @ offset - likelihood, rtol=1e-8)
        error = check_grad(lambda *x: process._loss(*x)[0], lambda *x: process._loss(*x)[1], logs, squared)
        assert error < 1e-4


def test_fitting_finds_what_matters():
    process = GaussianProcess(POINTS, VALUES, CHOICE)
    assert process.lengths[0] < process.lengths[1]
    assert process.predict(POINTS)[0] @ VALUES / 20 > 0.9


def test_believed_points_keep_the_mean_and_lose_their_uncertainty():
    process = GaussianProcess(POINTS, VALUES, CHOICE)
    mean, deviation = process.predict(OTHERS)
    process.believe(OTHERS)
    later, certain = process.predict(OTHERS)
    np.testing.assert_allclose(later, mean, atol=0.02)
    assert np.all(certain < deviation)


def test_improvement_is_the_expectation_over_draws_and_falls_without_end():
    process = GaussianProcess(POINTS, VALUES, CHOICE)
    mean, deviation = process.predict(OTHERS)
    best = float(mean.max())
    levels = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    expected = [np.maximum(m + d * levels - best, 0).mean() for m, d in zip(mean, deviation, strict=True)]
    found = np.exp(bayes._improvement(process, OTHERS, best))
    near = np.array(expected) > 1e-4
    np.testing.assert_allclose(found[near], np.array(expected)[near], rtol=1e-2)
    hopeless = [bayes._improvement(process, OTHERS[:1], best + far)[0] for far in (1, 3, 5, 10, 100)]
    assert hopeless == sorted(hopeless, reverse=True)
    assert np.all(np.isfinite(hopeless))
