"""The command line of ``python -m eval``."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from flags import FlagParser, drop_empty_variables, require_own

CAMVID_SIZE = (360, 480)  # height and width of SegNet's copy of CamVid
DEFAULT = "evaluate"  # the command if the command line names none


def parse(words: Sequence[str], description: str | None) -> argparse.Namespace:
    """Parse a command line; ``command`` is the key in ``PARSERS``.

    Args:
        words: the command line without the program's name; if it names no command, the command is evaluate.
        description: the first lines of ``--help`` of evaluate.

    Raises:
        SystemExit: after ``--help``, or for an invalid command line (code 2, with a message on stderr).
    """
    drop_empty_variables()
    require_own("files", "configs", "camvid", "models", "training", "artifacts")
    command, rest = (words[0], words[1:]) if words and words[0] in PARSERS else (DEFAULT, words)
    return PARSERS[command](description).parse_args(rest)


def _parser(command: str, description: str | None, models: str | None = None) -> argparse.ArgumentParser:
    """A parser with the arguments that all commands share; ``models="+"`` makes it take several models."""
    prog = "python -m eval" if command == DEFAULT else f"python -m eval {command}"
    layout = argparse.RawDescriptionHelpFormatter
    parser = FlagParser(prog=prog, description=description, formatter_class=layout)
    parser.set_defaults(command=command)
    about = "run folder, model.safetensors, artifact name:version, or exported file (a .torchscript file runs code)"
    if models:
        parser.add_argument(
            "models", nargs=models, metavar="MODEL", help=f"{about}, or a preset, which is timed untrained"
        )
    else:
        parser.add_argument("model", metavar="MODEL", help=about)
    parser.add_argument(
        "--eval-factor",
        type=_positive,
        help="prediction size as a share of the image's size; default: as in training",
    )
    if command == "export":  # the exported file is traced and checked on the CPU in fp32, and runs anywhere
        parser.set_defaults(device="cpu", precision="fp32")
    else:
        parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default: auto")
        parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], help="default: as in training")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _evaluate_parser(description: str | None) -> argparse.ArgumentParser:
    from configs.config import MAX_OBJECT_AREA

    parser = _parser("evaluate", description)
    parser.add_argument("--data", type=Path, metavar="ROOT", required=True, help="folder that holds the data set")
    parser.add_argument("--split", choices=["train", "val", "test"], default="test", help="default: test")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("report"), help="default: report")
    parser.add_argument(
        "--threshold", type=_share(1), help="share of an object that must be found; default: as in training"
    )
    area = f"smallest object that counts, as a share of the frame, at most {MAX_OBJECT_AREA:g}; default: as in training"
    parser.add_argument("--object-area", type=_share(MAX_OBJECT_AREA), help=area)
    parser.add_argument("--batch-size", type=_count, default=4, metavar="N", help="images per forward pass, default 4")
    parser.add_argument(
        "--taxonomy", help="check that the model has this taxonomy: camvid11, camvid32, a YAML file, or own"
    )
    parser.add_argument("--wandb", action="store_true", help="also log the tables to a W&B run")
    return parser


def _predict_parser(_: str | None) -> argparse.ArgumentParser:
    parser = _parser("predict", "Write masks and colour overlays for an image, a folder of images, or a video.")
    parser.add_argument("input", type=Path, metavar="INPUT", help="image, folder of images, or video")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("predictions"), help="default: predictions")
    return parser


def _latency_parser(_: str | None) -> argparse.ArgumentParser:
    parser = _parser(
        "latency", "Print the number of parameters, the file size, and milliseconds per image at batch size 1."
    )
    _add_size(parser)
    return parser


def _export_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Write a model as one file for other programs, and check it against PyTorch at several sizes."
    parser = _parser("export", about)
    parser.add_argument("--format", choices=["onnx", "torchscript"], default="onnx", help="default: onnx")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: model.onnx (model.int8.onnx, …) in the run folder"
    )
    parser.add_argument(
        "--int8",
        choices=["dynamic", "static"],
        help="quantise to 8-bit integers; static takes the ranges of the activations from training frames",
    )
    parser.add_argument("--data", type=Path, metavar="ROOT", help="folder that holds the data set, for --int8")
    parser.add_argument(
        "--split",
        choices=["train", "val", "test"],
        default="val",
        help="split on which the loss in mIoU is measured; default: val",
    )
    _add_size(parser)
    return parser


def _compare_parser(_: str | None) -> argparse.ArgumentParser:
    about = (
        "Compare several models by quality, size and speed. The table marks the models that suit an embedded target."
    )
    parser = _parser("compare", about, models="+")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="ROOT",
        help="folder to evaluate the models on; default: use the scores that were saved with them",
    )
    parser.add_argument("--split", choices=["train", "val", "test"], default="test", help="default: test")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("comparison"), help="default: comparison")
    parser.add_argument(
        "--embedded-mb",
        type=_above_zero,
        default=25.0,
        help="largest file that suits an embedded target, default 25 MB",
    )
    parser.add_argument(
        "--embedded-ms", type=_above_zero, default=100.0, help="longest time per image that suits it, default 100 ms"
    )
    parser.add_argument(
        "--no-onnx", action="store_true", help="do not time ONNX Runtime, which needs an export of each model"
    )
    parser.add_argument("--wandb", action="store_true", help="also log the table and the plot to a W&B run")
    _add_size(parser)
    return parser


def _sweep_parser(_: str | None) -> argparse.ArgumentParser:
    parser = FlagParser(
        prog="python -m eval sweep",
        description="Report what a sweep showed: which settings mattered, and the best runs.",
    )
    parser.set_defaults(command="sweep")
    parser.add_argument("sweep", metavar="ENTITY/PROJECT/ID", help="the sweep, as `wandb sweep` printed it")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path("sweeps"),
        help="default: a folder named by the sweep's id in sweeps",
    )
    parser.add_argument("--no-wandb", dest="wandb", action="store_false", help="do not log the tables to a W&B run")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        type=_count,
        nargs=2,
        default=CAMVID_SIZE,
        metavar=("H", "W"),
        help="height and width of the image, default 360 480",
    )


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 16:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and at most 16")
    return value


def _share(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not 0 <= float(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} must be between 0 and {most:g}")
        return float(text)

    return read


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be 1 or more")
    return value


PARSERS = {
    DEFAULT: _evaluate_parser,
    "predict": _predict_parser,
    "latency": _latency_parser,
    "compare": _compare_parser,
    "export": _export_parser,
    "sweep": _sweep_parser,
}
