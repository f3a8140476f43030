"""Depth in the edge-case record of a frame."""

from __future__ import annotations

import math

from eval.depth.measures import Floats, figures, flat
from eval.failures import Rule

SHOWN = ("abs_rel", "rmse", "delta1")
PIXELS = "depth/pixels"


def depth_record(sums: Floats, rule: Rule) -> tuple[dict[str, float], str]:
    """The columns of a frame, and why it is flagged for its depth; empty if it is not.

    Args:
        sums: (C + 1, bands, sums) of the frame.
        rule: what is judged.

    Returns:
        ``depth/abs_rel``, ``depth/rmse``, ``depth/delta1``, ``depth/abs_rel/<class>`` of the priority classes,
        ``depth/pixels``, the number of pixels that count, and ``depth_error``: the largest error of a class that is
        above the threshold, 0 if none is.
    """
    whole, by_class = figures(sums.sum((0, 1))), figures(sums.sum(1))["abs_rel"]
    errors = {rule.class_names[label]: float(by_class[label]) for label in rule.priority}
    off = {name: error for name, error in errors.items() if error > (rule.depth_threshold or math.inf)}
    record = flat({key: whole[key] for key in SHOWN}) | {PIXELS: int(sums[..., 0].sum())}
    record |= {f"depth/abs_rel/{name}": error for name, error in errors.items()}
    record["depth_error"] = max(off.values(), default=0.0)
    return record, "; ".join(f"depth of {name} wrong by {100 * error:.0f} %" for name, error in off.items())
