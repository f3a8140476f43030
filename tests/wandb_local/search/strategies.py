"""Random valid sweep configurations and histories of their runs."""

from typing import Any

from hypothesis import strategies as st

from wandb_local.search import Search, Trial

numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
positive = st.floats(0.01, 100).map(lambda x: round(x, 3))
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), numbers, st.text("abc", max_size=3))
options = st.lists(st.one_of(scalars, st.lists(st.integers(0, 3), max_size=2)), min_size=1, max_size=5)


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)
    return pairs.map(lambda pair: {"min": pair[0], "max": pair[1]})


def named(name: str, shape: st.SearchStrategy[dict[str, Any]], q: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    steps = st.fixed_dictionaries({"q": st.sampled_from([1, 0.5, 0.01])} if q else {})
    return st.builds(lambda shape, step: {"distribution": name, **shape, **step}, shape, steps)


integers = bounds(st.integers(-20, 20))
whole = bounds(st.integers(1, 50))  # a multiple of 1 lies within
exponents = bounds(st.integers(0, 8))
gaussian = st.fixed_dictionaries({}, optional={"mu": st.integers(-3, 3), "sigma": st.floats(0, 2)})
shapes = st.fixed_dictionaries({}, optional={"a": positive, "b": positive})

listed = st.one_of(
    scalars.map(lambda value: {"value": value}), options.map(lambda values: {"values": values}), integers
)
gridded = st.one_of(listed, named("q_uniform", integers, q=True))
drawn = st.one_of(
    listed,
    options.map(lambda values: {"values": values, "probabilities": [1 / len(values)] * len(values)}),
    named("uniform", bounds(numbers)),
    *(named(name, bounds(positive)) for name in ("log_uniform_values", "inv_log_uniform_values")),
    *(named(name, exponents) for name in ("log_uniform", "inv_log_uniform")),
    *(named(name, whole, q=True) for name in ("q_uniform", "q_log_uniform_values")),
    named("q_log_uniform", exponents, q=True),
    *(named(name, gaussian) for name in ("normal", "log_normal")),
    *(named(name, gaussian, q=True) for name in ("q_normal", "q_log_normal")),
    named("beta", shapes),
    named("q_beta", shapes, q=True),
)


def parameters(spec: st.SearchStrategy[dict[str, Any]], most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    flat = st.dictionaries(st.sampled_from("abcdef"), spec, min_size=1, max_size=most)
    nested = st.dictionaries(st.sampled_from("xy"), flat.map(lambda inner: {"parameters": inner}), max_size=1)
    return st.builds(lambda flat, nested: flat | nested, flat, nested)


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    method = draw(st.sampled_from(["grid", "random", "bayes"]))
    space = draw(parameters(gridded if method == "grid" else drawn))
    config: dict[str, Any] = {"method": method, "parameters": space}
    if method == "bayes":
        space["lr"] = {"min": 0.0, "max": 1.0}
    if method == "bayes" or draw(st.booleans()):
        config["metric"] = {"name": "m", "goal": draw(st.sampled_from(["minimize", "maximize"]))}
    return config


metrics = st.one_of(st.none(), st.floats(), st.sampled_from([1e308, -1e308, 0.0]))
ends = st.tuples(st.sampled_from(["pending", "running", "finished", "failed", "crashed", "killed"]), metrics)


def played(search: Search, results: list[tuple[Any, Any]]) -> list[Trial]:
    """Runs of a sweep that took each suggestion and ended as told."""
    trials: list[Trial] = []
    for state, metric in results:
        args = search.suggest(trials)
        if args is None:
            break
        trials.append(Trial(args, state, metric, [] if metric is None else [metric]))
    return trials


def suggested(search: Search, trials: list[Trial]) -> dict[str, Any]:
    """Suggestion of a search that has not come to its end."""
    args = search.suggest(trials)
    assert args is not None
    return args
