"""What `benchmarks.gpu` checks, and on which machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.gpu_report import Outcome
from benchmarks.programs import ROOT
from configs import TrainConfig

ROWS = {  # the bare steps: what each one times
    "ours": "ours, {network}, eager",
    "ours-captured": "ours, {network}, captured",
    "resnet50": "ours, unet resnet50, eager",
    "resnet50-captured": "ours, unet resnet50, captured",
    "smp": "smp.Unet resnet50, eager",
    "fastai": "fastai's DynamicUnet resnet50, eager",
}
PACKAGES = ("torch", "timm", "fastai", "segmentation-models-pytorch", "numpy")
Tell = Callable[[Outcome], None]


@dataclass
class Check:
    """What is checked.

    Attributes:
        config: settings of the training.
        words: the same settings as words of train.py's command line.
        out: folder for all results.
        run: folder of the training's run.
        rows: the bare steps that are timed, names in `ROWS`.
        size: height and width of the training images.
        classes: number of classes.
        rates: images per second of each bare step that is done.
    """

    config: TrainConfig
    words: Sequence[str]
    out: Path
    run: Path
    rows: Sequence[str]
    size: tuple[int, int]
    classes: int
    rates: dict[str, float] = field(default_factory=dict)

    def log(self, step: str) -> Path:
        """The file for what the programs of a step print."""
        return self.out / "logs" / f"{step}.txt"

    def title(self, row: str) -> str:
        """What a bare step times, in words."""
        return ROWS[row].format(network=f"{self.config.architecture} {self.config.backbone}")


def environment(check: Check, _: float, tell: Tell) -> None:
    """The machine, the packages and the code."""
    from artifacts.run import code_version
    from benchmarks.__main__ import processor

    code = code_version(ROOT)
    changed = " and uncommitted changes" if code["dirty"] else ""
    found: dict[str, Any] = _gpu() if check.config.device == "cuda" else {}
    found |= {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "Python": platform.python_version()}
    found |= {package: version(package) for package in PACKAGES}
    found |= {"commit": f"{str(code['commit'] or 'unknown')[:12]}{changed}"}
    says = [found.get("GPU", found["processor"]), *(f"{key} {found[key]}" for key in ("cores", "torch", "commit"))]
    tell(Outcome("environment", "machine", ", ".join(says), figures=found))


def _gpu() -> dict[str, Any]:
    import torch

    card = torch.cuda.get_device_properties(0)
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    found = {"GPU": card.name, "memory": f"{card.total_memory / 1e9:.1f} GB", "CUDA": torch.version.cuda}
    found |= {"cuDNN": cudnn, "compute capability": f"{card.major}.{card.minor}"}
    if tool := shutil.which("nvidia-smi"):
        asked = [tool, "--query-gpu=driver_version,memory.used,utilization.gpu", "--format=csv,noheader", "--id=0"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
        found |= dict(zip(("driver", "memory in use before", "busy before"), said.split(", "), strict=False))
    return found


def private(out: Path) -> dict[str, str]:
    """Variables by which all programs write to `out` alone, and look for no server or hub."""
    caches, home = out / "cache", Path.home() / ".cache"
    hub = {"HF_HOME": str(home / "huggingface"), "TORCH_HOME": str(home / "torch")} | dict(os.environ)
    places = {"XDG_CACHE_HOME": caches, "MPLCONFIGDIR": caches / "matplotlib", "FASTAI_HOME": caches / "fastai"}
    places |= {f"WANDB_{kind}_DIR": caches / "wandb" for kind in ("CACHE", "DATA", "CONFIG", "ARTIFACT")}
    places |= {"TORCHINDUCTOR_CACHE_DIR": caches / "inductor", "TRITON_CACHE_DIR": caches / "triton"}
    places |= {"CUDA_CACHE_PATH": caches / "cuda", "WANDB_DIR": out / "training"}
    read = {name: hub[name] for name in ("HF_HOME", "TORCH_HOME")}  # weights that are there already
    return (
        {name: str(place) for name, place in places.items()} | read | {"HF_HUB_OFFLINE": "1", "WANDB_MODE": "offline"}
    )


def python(module: str, *words: object) -> list[str]:
    """The command that runs a module."""
    return [sys.executable, "-m", module, *map(str, words)]
