"""W&B's own engine behind a pipe: one JSON request a line, one answer a line.

Started by `benchmarks.search --sweeps PYTHON` with the Python of an environment that has `sweeps` 0.3.0 in it (it wants
numpy below 2). It imports nothing of this repository.
"""

import json
import sys
from typing import Any


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Arguments of the next run: `config` and `runs` (args, state, metric) as given, drawn by `seed`."""
    import numpy as np
    from sweeps import RunState, SweepRun, next_run  # type: ignore[import-not-found]

    np.random.seed(request["seed"])  # noqa: NPY002 - the engine draws from the global stream
    runs = [
        SweepRun(
            config={name: {"value": value} for name, value in run["args"].items()},
            state=RunState(run["state"]),
            summary_metrics={} if run["metric"] is None else {"score": run["metric"]},
            history=[],
        )
        for run in request["runs"]
    ]
    return {name: item["value"] for name, item in next_run(request["config"], runs).config.items()}


def main() -> None:
    """Answer until the pipe is closed."""
    for line in sys.stdin:
        args = answer(json.loads(line))
        print(json.dumps(args, default=lambda number: number.item()), flush=True)  # some of them are numpy's


if __name__ == "__main__":
    main()
