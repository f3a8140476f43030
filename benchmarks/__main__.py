"""Every benchmark in one table: python -m benchmarks [NAME ...] [--out FILE]

Each row is measured side by side in one process, alternating, median. The table names the versions and the machine;
benchmarks/latest.json holds it as a list of {name, ours, theirs, ratio, unit}.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.loading import benchmark_loading
from benchmarks.metrics import benchmark_metrics
from benchmarks.step import benchmark_steps
from benchmarks.timing import Result

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    "step": benchmark_steps,
    "loading": benchmark_loading,
    "metrics": benchmark_metrics,
}
PACKAGES = ("torch", "fastai", "timm", "segmentation-models-pytorch", "albumentations", "torchmetrics", "numpy")


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compare the speed with what one would use instead."
    )
    parser.add_argument("names", nargs="*", help=f"benchmarks to run: {', '.join(BENCHMARKS)} (all)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "latest.json", help="file for the table")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    print(machine())
    print(f"{'':<86}{'ours':>10}{'theirs':>10}{'':>5}{'ratio':>8}")
    results: list[Result] = []
    for name in options.names or BENCHMARKS:
        for row in BENCHMARKS[name]():
            print(
                f"{row['name']:<86}{row['ours']:>10.1f}{row['theirs']:>10.1f}{row['unit']:>5}{row['ratio']:>8.2f}",
                flush=True,
            )
            results.append(row)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"written to {options.out}")


def machine() -> str:
    """Processor, cores, Python, packages and commit, in two lines."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, commit {commit}\n{packages}"


def processor() -> str:
    """The processor's name as Linux knows it, else as Python does."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
