"""The table of callbacks in the package's docstring, against the classes and a learner that has them all."""

import ast
import importlib
import inspect
import pkgutil
import re
from typing import Any, NamedTuple

from fastai.callback.core import Callback

import training

PARTS = [importlib.import_module(f"training.{module.name}") for module in pkgutil.iter_modules(training.__path__)]
FASTAIS = ("TrainEvalCallback", "GradientClip", "ParamScheduler")


class Row(NamedTuple):
    """A line of the table."""

    order: float
    reads: set[str]
    writes: set[str]


def table():
    lines = re.findall(r"^ +(-?\d+)  (\w+) +(\S.*?)  +(\S.*)$", training.__doc__ or "", re.MULTILINE)
    words = [(name, float(order), [{*re.findall(r"\w+", cell)} for cell in cells]) for order, name, *cells in lines]
    return {name: Row(order, *cells) for name, order, cells in words}


def own_callbacks():
    found = (value for part in PARTS for value in vars(part).values())
    return {
        kind.__name__: kind
        for kind in found
        if isinstance(kind, type) and issubclass(kind, Callback) and kind.__module__.startswith("training.")
    }


def on_the_learner(node: Any) -> str:
    """The name of what an expression takes from `self.learn`, or from a function's `learn`."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
        owner, name = map(ast.unparse, node.args[:2])
        return name.strip("'") if owner in ("self.learn", "learn") else ""
    return node.attr if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self.learn", "learn") else ""


def used(source):
    """What a callback reads from the learner, and what it sets there."""
    tree, written, read = ast.parse(source), set(), set()
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in [each for item in targets for each in (item.elts if isinstance(item, ast.Tuple) else [item])]:
            written.add(on_the_learner(target.value if isinstance(target, ast.Subscript) else target))
        read.add("" if isinstance(getattr(node, "ctx", None), ast.Store) else on_the_learner(node))
    if "evaluated_model(self.learn)" in source:
        read.add("average")
    return read - {""}, written - {""}


def test_orders_reads_and_writes_are_those_of_the_classes():
    rows, classes = table(), own_callbacks()
    assert set(rows) == {*classes, *FASTAIS, "WandbCallback"}
    found = {name: used(inspect.getsource(kind)) for name, kind in classes.items()}
    shared = {name for _, written in found.values() for name in written}
    shared |= {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in classes}  # fastai's names for callbacks
    for name, (read, written) in found.items():
        assert rows[name].order == classes[name].order, name
        assert rows[name].writes == written, name
        assert rows[name].reads == (read & shared) - written, name


def test_the_table_is_in_the_order_in_which_a_learner_calls_them(make_learner):
    names = list(table())
    assert [row.order for row in table().values()] == sorted(row.order for row in table().values())
    learn = make_learner(precision="bf16", ema=0.9, accumulate=2, grad_clip=1.0)
    called = [type(callback).__name__ for callback in learn.cbs.sorted("order")]
    assert called == [name for name in names if name in called]
    assert {*names} - {*called} == {"Parallel", "Parts", "TimeBudget", "ParamScheduler", "WandbCallback", "Beside"}


def test_the_reader_of_sources_sees_what_is_set_and_read():
    source = "def f(self): self.learn.a, self.learn.b[0] = self.learn.c, getattr(self.learn, 'd')"
    assert used(source) == ({"b", "c", "d"}, {"a", "b"})
