"""From a parameter's normalised specification to its distribution: one builder for each name that W&B knows."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wandb_local.search.distributions import STANDARD, Choice, Distribution, Integers, Real

Spec = Mapping[str, Any]
TAIL = 0.001  # of a family that thins out towards its ends: a model proposes a normal within 3.1 deviations


def _constant(spec: Spec) -> Choice:
    return Choice([spec["value"]], [1.0])


def _categorical(spec: Spec) -> Choice:
    values = spec["values"]
    odds = spec.get("probabilities", [1 / len(values)] * len(values))
    possible = [(value, chance) for value, chance in zip(values, odds, strict=True) if chance > 0]
    return Choice([value for value, _ in possible], [chance for _, chance in possible])


def _int_uniform(spec: Spec) -> Integers:
    return Integers(spec["min"], spec["max"])


def _uniform(spec: Spec) -> Real:
    low, high = spec["min"], spec["max"]
    return Real(low, high, lambda u: low + u * (high - low), lambda x: (x - low) / (high - low))


def _log_uniform_between(low: float, high: float, bounds: tuple[float, float]) -> Real:
    """Uniform logarithm between `low` and `high`; `bounds` are the exact values that these stand for."""
    return Real(*bounds, lambda u: math.exp(low + u * (high - low)), lambda x: (math.log(x) - low) / (high - low))


def _log_uniform(spec: Spec) -> Real:
    low, high = spec["min"], spec["max"]
    return _log_uniform_between(low, high, (math.exp(low), math.exp(high)))


def _log_uniform_values(spec: Spec) -> Real:
    bounds = spec["min"], spec["max"]
    return _log_uniform_between(math.log(bounds[0]), math.log(bounds[1]), bounds)


def _inv_log_uniform(spec: Spec) -> Real:
    """log(1/x) is uniform between min and max, so log(x) is uniform between their negatives."""
    return _log_uniform({"min": -spec["max"], "max": -spec["min"]})


def _normal(spec: Spec) -> Real:
    mu, sigma = spec["mu"], spec["sigma"]
    return Real(
        -math.inf,
        math.inf,
        lambda u: mu + sigma * STANDARD.inv_cdf(u),
        lambda x: STANDARD.cdf((x - mu) / sigma) if sigma else 0.5,
        tail=TAIL,
    )


def _log_normal(spec: Spec) -> Real:
    normal = _normal(spec)
    return Real(
        0.0,
        math.inf,
        lambda u: math.exp(normal.inverse(u)),
        lambda x: normal.forward(math.log(x)) if x > 0 else 0.0,
        tail=TAIL,
    )


def _beta(spec: Spec) -> Real:
    from scipy.special import betainc, betaincinv  # on first use: the server starts without scipy

    a, b = spec["a"], spec["b"]
    return Real(0.0, 1.0, lambda u: float(betaincinv(a, b, u)), lambda x: float(betainc(a, b, x)), tail=TAIL)


def _quantised(build: Callable[[Spec], Real]) -> Callable[[Spec], Real]:
    return lambda spec: replace(build(spec), q=spec["q"])


def _q_uniform(spec: Spec) -> Real:
    return replace(_uniform(spec), q=spec["q"], steps=(spec["min"], spec["max"], spec["q"]))


FAMILIES: dict[str, Callable[[Spec], Distribution]] = {
    "constant": _constant,
    "categorical": _categorical,
    "categorical_w_probabilities": _categorical,
    "int_uniform": _int_uniform,
    "uniform": _uniform,
    "q_uniform": _q_uniform,
    "log_uniform": _log_uniform,
    "log_uniform_values": _log_uniform_values,
    "q_log_uniform": _quantised(_log_uniform),
    "q_log_uniform_values": _quantised(_log_uniform_values),
    "inv_log_uniform": _inv_log_uniform,
    "inv_log_uniform_values": _log_uniform_values,  # log(1/x) uniform between log(1/max) and log(1/min): the same
    "normal": _normal,
    "q_normal": _quantised(_normal),
    "log_normal": _log_normal,
    "q_log_normal": _quantised(_log_normal),
    "beta": _beta,
    "q_beta": _quantised(_beta),
}


def build_distribution(spec: Spec) -> Distribution:
    """Distribution of a parameter that `validate` has normalised."""
    return FAMILIES[spec["distribution"]](spec)
