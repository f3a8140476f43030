"""The command line of ``python -m eval``."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from flags import FlagParser, drop_empty_variables, require_own

CAMVID_SIZE = (360, 480)  # height and width of SegNet's copy of CamVid
DEFAULT = "evaluate"  # the command where none is named


def parse(words: Sequence[str], description: str | None) -> argparse.Namespace:
    """Parse a command line; ``command`` tells which of ``PARSERS`` it is.

    Args:
        words: the command line without the program's name; without a command's name it is evaluate's.
        description: what ``--help`` of evaluate says first.

    Raises:
        SystemExit: ``--help``, or a command line that does not fit (code 2, said on stderr).
    """
    drop_empty_variables()
    require_own("files", "configs", "camvid", "models", "training", "artifacts")
    command, rest = (words[0], words[1:]) if words and words[0] in PARSERS else (DEFAULT, words)
    return PARSERS[command](description).parse_args(rest)


def _parser(command: str, description: str | None, models: str | None = None) -> argparse.ArgumentParser:
    """A parser with what every command takes; ``models="+"`` makes it take several models."""
    prog = "python -m eval" if command == DEFAULT else f"python -m eval {command}"
    layout = argparse.RawDescriptionHelpFormatter
    parser = FlagParser(prog=prog, description=description, formatter_class=layout)
    parser.set_defaults(command=command)
    about = "run folder, model.safetensors, artifact name:version, or exported file (a .torchscript is a program)"
    if models:
        parser.add_argument("models", nargs=models, metavar="MODEL", help=f"{about}; a preset is measured untrained")
    else:
        parser.add_argument("model", metavar="MODEL", help=about)
    parser.add_argument(
        "--eval-factor",
        type=_positive,
        help="prediction size as a share of the image's own size; by default that of training",
    )
    if command == "export":  # what it writes is traced and checked like this, and runs anywhere
        parser.set_defaults(device="cpu", precision="fp32")
    else:
        parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default: auto")
        parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], help="default: as in its training")
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
    area = f"smallest object as a share of the frame, at most {MAX_OBJECT_AREA:g}; default likewise"
    parser.add_argument("--object-area", type=_share(MAX_OBJECT_AREA), help=area)
    parser.add_argument("--batch-size", type=_count, default=4, metavar="N", help="images per pass, default 4")
    parser.add_argument(
        "--taxonomy",
        help="classes to judge by, default: the model's own; camvid11, …, a YAML file, auto or own (the data's)",
    )
    parser.add_argument("--wandb", action="store_true", help="log the tables to a W&B run as well")
    return parser


def _predict_parser(_: str | None) -> argparse.ArgumentParser:
    parser = _parser("predict", "Masks and colour overlays of an image, a folder of images or a video.")
    parser.add_argument("input", type=Path, metavar="INPUT", help="image, folder of images, or video")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("predictions"), help="default: predictions")
    return parser


def _latency_parser(_: str | None) -> argparse.ArgumentParser:
    parser = _parser("latency", "Parameters, size, and milliseconds per image at batch 1.")
    _add_size(parser)
    return parser


def _export_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Write a model as one file for other programs, checked against PyTorch at several sizes."
    parser = _parser("export", about)
    parser.add_argument("--format", choices=["onnx", "torchscript"], default="onnx", help="default: onnx")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: model.onnx (model.int8.onnx, …) beside it")
    parser.add_argument(
        "--int8", choices=["dynamic", "static"], help="8-bit integers; static takes ranges from training frames"
    )
    parser.add_argument("--data", type=Path, metavar="ROOT", help="folder that holds the data set, for --int8")
    parser.add_argument("--split", choices=["train", "val", "test"], default="val", help="to measure the loss on")
    _add_size(parser)
    return parser


def _compare_parser(_: str | None) -> argparse.ArgumentParser:
    about = "A table of several models: quality, size and speed; marks those that suit an embedded target."
    parser = _parser("compare", about, models="+")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="evaluate on it; else the scores saved with a model")
    parser.add_argument("--split", choices=["train", "val", "test"], default="test", help="default: test")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("comparison"), help="default: comparison")
    parser.add_argument("--embedded-mb", type=_above_zero, default=25.0, help="largest file that suits, default 25 MB")
    parser.add_argument("--embedded-ms", type=_above_zero, default=100.0, help="longest time an image, default 100 ms")
    parser.add_argument("--no-onnx", action="store_true", help="do not time ONNX Runtime, which exports each model")
    parser.add_argument("--wandb", action="store_true", help="log table and plot to a W&B run as well")
    _add_size(parser)
    return parser


def _sweep_parser(_: str | None) -> argparse.ArgumentParser:
    parser = FlagParser(prog="python -m eval sweep", description="What a sweep taught.")
    parser.set_defaults(command="sweep")
    parser.add_argument("sweep", metavar="ENTITY/PROJECT/ID", help="as `wandb sweep` printed it")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("sweeps"), help="default: sweeps, then the id")
    parser.add_argument("--no-wandb", dest="wandb", action="store_false", help="log no run with the tables")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", type=_count, nargs=2, default=CAMVID_SIZE, metavar=("H", "W"), help="of the image, default 360 480"
    )


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 16:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 16")
    return value


def _share(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not 0 <= float(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not in [0, {most:g}]")
        return float(text)

    return read


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


PARSERS = {
    DEFAULT: _evaluate_parser,
    "predict": _predict_parser,
    "latency": _latency_parser,
    "compare": _compare_parser,
    "export": _export_parser,
    "sweep": _sweep_parser,
}
