"""Seven functions besides the landscapes: four well-known test functions, and three with special parameters.

The test functions are from https://www.sfu.ca/~ssurjano/optimization.html. They are negated and scaled so that 1 is the
best score. The other functions have non-uniform priors, choices with odds, and rounded numbers.
"""

import math

from benchmarks.search_landscapes import Arguments, Landscape

UNIT = {"min": 0.0, "max": 1.0}
HARTMANN6_A = (
    (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
    (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
    (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
    (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
)
HARTMANN6_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)
HARTMANN3_A = ((3.0, 10.0, 30.0), (0.1, 10.0, 35.0), (3.0, 10.0, 30.0), (0.1, 10.0, 35.0))
HARTMANN3_P = ((0.3689, 0.117, 0.2673), (0.4699, 0.4387, 0.747), (0.1091, 0.8732, 0.5547), (0.0381, 0.5743, 0.8828))
Table = tuple[tuple[float, ...], ...]


def branin(args: Arguments) -> float:
    """Two numbers, three equal optima in a curved valley."""
    x, y = args["x"], args["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return float(1 - (valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 9.6021) / 300)


def ackley(args: Arguments) -> float:
    """Four numbers, a funnel full of ripples; its optimum stands off the middle."""
    xs = [8 * (args[name] - 0.37) for name in "abcd"]
    root, waves = math.sqrt(sum(x * x for x in xs) / 4), sum(math.cos(2 * math.pi * x) for x in xs) / 4
    return (20 * math.exp(-0.2 * root) + math.exp(waves)) / (20 + math.e)


def _hartmann(xs: list[float], a: Table, p: Table, best: float) -> float:
    powers = [sum(k * (x - c) ** 2 for x, k, c in zip(xs, ks, cs, strict=True)) for ks, cs in zip(a, p, strict=True)]
    return sum(weight * math.exp(-power) for weight, power in zip((1.0, 1.2, 3.0, 3.2), powers, strict=True)) / best


def hartmann3(args: Arguments) -> float:
    """Three numbers of unequal weight, four hills."""
    return _hartmann([args[name] for name in "abc"], HARTMANN3_A, HARTMANN3_P, 3.86278)


def hartmann6(args: Arguments) -> float:
    """Six numbers, four hills."""
    return _hartmann([args[name] for name in "abcdef"], HARTMANN6_A, HARTMANN6_P, 3.32237)


def priors(args: Arguments) -> float:
    """Four numbers with a prior each, whose optimum is about one deviation from its middle."""
    offsets = (args["bias"] + 1.0, (math.log(args["lr"]) + 6.0) / 1.2, 4 * (args["mix"] - 0.6), args["gain"] / 8 - 1.5)
    return math.exp(-0.4 * sum(offset**2 for offset in offsets))


def odds(args: Arguments) -> float:
    """Choices that somebody gave odds to: mostly right, in one case not."""
    score: float = {"adamw": 0.5, "sgd": 0.45, "lion": 0.52, "rprop": 0.1}[args["optimizer"]]
    score += {"none": 0.0, "flip": 0.08, "strong": 0.1, "noise": -0.2}[args["augmentation"]]
    return score + 0.2 * math.exp(-((math.log10(args["lr"]) + 3.0 + (args["optimizer"] == "lion")) ** 2))


def rounded(args: Arguments) -> float:
    """Whole and rounded numbers with one choice, where depth and width have to fit."""
    volume = args["depth"] * math.log2(args["width"])
    score = 0.9 * math.exp(-(((volume - 60) / 40) ** 2)) - 0.1 * abs(args["dropout"] - 0.3)
    return float(score - 0.004 * abs(args["batch"] - 24) + 0.05 * (args["norm"] == "group"))


def _odds(values: dict[str, float]) -> dict[str, list[object]]:
    return {"values": [*values], "probabilities": [*values.values()]}


LOG_LR = {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1}
FUNCTIONS = [
    Landscape("branin", {"x": {"min": -5.0, "max": 10.0}, "y": {"min": 0.0, "max": 15.0}}, branin, noise=0.002),
    Landscape("ackley", dict.fromkeys("abcd", UNIT), ackley, noise=0.002),
    Landscape("hartmann3", dict.fromkeys("abc", UNIT), hartmann3, noise=0.002),
    Landscape("hartmann6", dict.fromkeys("abcdef", UNIT), hartmann6, noise=0.002),
    Landscape(
        "priors",
        {
            "bias": {"distribution": "normal", "mu": 0.0, "sigma": 1.0},
            "lr": {"distribution": "log_normal", "mu": -7.0, "sigma": 1.2},
            "mix": {"distribution": "beta", "a": 2.0, "b": 3.0},
            "gain": {"distribution": "q_log_normal", "mu": 2.0, "sigma": 0.5, "q": 1},
        },
        priors,
        noise=0.01,
    ),
    Landscape(
        "odds",
        {
            "optimizer": _odds({"adamw": 0.5, "sgd": 0.3, "lion": 0.15, "rprop": 0.05}),
            "augmentation": _odds({"none": 0.2, "flip": 0.4, "strong": 0.35, "noise": 0.05}),
            "lr": LOG_LR,
            "decay": LOG_LR,
        },
        odds,
        noise=0.01,
    ),
    Landscape(
        "rounded",
        {
            "depth": {"min": 2, "max": 24},
            "width": {"distribution": "q_log_uniform_values", "min": 8, "max": 512, "q": 8},
            "dropout": {"distribution": "q_uniform", "min": 0.0, "max": 0.8, "q": 0.1},
            "batch": {"min": 1, "max": 64},
            "norm": {"values": ["batch", "group", "layer"]},
        },
        rounded,
        noise=0.01,
    ),
]
