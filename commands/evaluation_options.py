"""The command line of ``python -m eval``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from files.camera import Camera
from flags import FlagParser, above, between, count, drop_empty_variables, require_own

CAMVID_SIZE = (360, 480)  # height and width of SegNet's copy of CamVid
SPLITS = ("train", "val", "test")
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
    add = parser.add_argument
    about = "run folder, model.safetensors, artifact name:version, or exported file (a .torchscript file runs code)"
    if models:
        add("models", nargs=models, metavar="MODEL", help=f"{about}, or a preset, which is timed untrained")
    else:
        add("model", metavar="MODEL", help=about)
    share = "prediction size as a share of the image's size; default: as in training"
    add("--eval-factor", type=above(0, 16), help=share)
    if command == "export":  # the exported file is traced and checked on the CPU in fp32, and runs anywhere
        parser.set_defaults(device="cpu", precision="fp32")
    else:
        add("--device", choices=["auto", "cpu", "cuda"], default="auto", help="where the model runs; default: auto")
        add("--precision", choices=["auto", "fp32", "bf16"], help="number format; default: as in training")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _evaluate_parser(description: str | None) -> argparse.ArgumentParser:
    from configs.values import MAX_OBJECT_AREA

    parser = _parser("evaluate", description)
    add = parser.add_argument
    add("--data", type=Path, metavar="ROOT", required=True, help="folder that holds the data set")
    add("--split", choices=SPLITS, default="test", help="split to evaluate on; default: test")
    add("--out", type=Path, metavar="DIR", default=Path("report"), help="folder for the report; default: report")
    add("--threshold", type=between(0, 1), help="share of an object that must be found; default: as in training")
    area = f"smallest object that counts, as a share of the frame, at most {MAX_OBJECT_AREA:g}; default: as in training"
    add("--object-area", type=between(0, MAX_OBJECT_AREA), help=area)
    wrong = "flag frames whose mean relative error of depth on a priority class is above it, 0 = none; default: as in "
    add("--depth-threshold", type=between(0), help=f"{wrong}training")
    add("--batch-size", type=count, default=4, metavar="N", help="images per forward pass, default 4")
    classes = "classes to judge by: camvid11, …, a YAML file, auto or own (those of the data); default: the model's"
    add("--taxonomy", help=classes)
    add("--wandb", action="store_true", help="also log the tables to a W&B run")
    return parser


def _predict_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Write masks and colour overlays, or depth, for an image, a folder of images, or a video."
    parser = _parser("predict", about)
    add = parser.add_argument
    add("input", type=Path, metavar="INPUT", help="image, folder of images, or video")
    where = "folder for the results; default: predictions"
    add("--out", type=Path, metavar="DIR", default=Path("predictions"), help=where)
    add("--points", action="store_true", help="also write point clouds (PLY), of a model that predicts depth")
    lens = (
        "focal lengths and principal point in pixels of the pictures; default: cameras.csv beside them or in the "
        "folder above, else those of the training"
    )
    add("--camera", type=_camera, metavar="FX,FY,CX,CY", help=lens)
    return parser


def _latency_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Print the number of parameters, the file size, and milliseconds per image at batch size 1."
    parser = _parser("latency", about)
    _add_size(parser)
    return parser


def _export_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Write a model as one file for other programs, and check it against PyTorch at several sizes."
    parser = _parser("export", about)
    add = parser.add_argument
    add("--format", choices=["onnx", "torchscript"], default="onnx", help="file format; default: onnx")
    add("--out", type=Path, metavar="FILE", help="default: model.onnx, model.int8.onnx, … in the run folder")
    eight = "quantise to 8-bit integers; static takes the ranges of the activations from training frames"
    add("--int8", choices=["dynamic", "static"], help=eight)
    add("--data", type=Path, metavar="ROOT", help="folder that holds the data set, for --int8")
    add("--split", choices=SPLITS, default="val", help="split on which the loss in quality is measured; default: val")
    _add_size(parser)
    return parser


def _compare_parser(_: str | None) -> argparse.ArgumentParser:
    about = (
        "Compare several models by quality, size and speed. The table marks the models that suit an embedded target."
    )
    parser = _parser("compare", about, models="+")
    add = parser.add_argument
    source = "folder to evaluate the models on; default: use the scores that were saved with them"
    add("--data", type=Path, metavar="ROOT", help=source)
    add("--split", choices=SPLITS, default="test", help="split to evaluate on; default: test")
    where = "folder for the results; default: comparison"
    add("--out", type=Path, metavar="DIR", default=Path("comparison"), help=where)
    large = "largest file that suits an embedded target, default 25 MB"
    add("--embedded-mb", type=above(0), default=25.0, help=large)
    add("--embedded-ms", type=above(0), default=100.0, help="longest time per image that suits it, default 100 ms")
    add("--no-onnx", action="store_true", help="do not time ONNX Runtime, which needs an export of each model")
    add("--wandb", action="store_true", help="also log the table and the plot to a W&B run")
    _add_size(parser)
    return parser


def _sweep_parser(_: str | None) -> argparse.ArgumentParser:
    about = "Report what a sweep showed: which settings mattered, and the best runs."
    parser = FlagParser(prog="python -m eval sweep", description=about)
    parser.set_defaults(command="sweep")
    add = parser.add_argument
    add("sweep", metavar="ENTITY/PROJECT/ID", help="the sweep, as `wandb sweep` printed it")
    add("--out", type=Path, metavar="DIR", default=Path("sweeps"), help="folder for the reports; default: sweeps")
    add("--no-wandb", dest="wandb", action="store_false", help="do not log the tables to a W&B run")
    add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    about = "height and width of the image, default 360 480"
    parser.add_argument("--size", type=count, nargs=2, default=CAMVID_SIZE, metavar=("H", "W"), help=about)


def _camera(text: str) -> tuple[float, ...]:
    try:
        values = tuple(map(float, text.split(",")))
    except ValueError:
        values = ()
    fault = Camera(*values).fault() if len(values) == 4 else "four numbers are needed, FX,FY,CX,CY"
    if fault:
        raise argparse.ArgumentTypeError(f"{text}: {fault}")
    return values


PARSERS = {
    DEFAULT: _evaluate_parser,
    "predict": _predict_parser,
    "latency": _latency_parser,
    "compare": _compare_parser,
    "export": _export_parser,
    "sweep": _sweep_parser,
}
