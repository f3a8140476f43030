"""`python -m camvid`: describe, check, count, convert, draw or download a data set; list and delete decoded frames."""

from __future__ import annotations

import argparse
import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from flags import FlagParser, require_own

require_own("files")  # before it is imported
from files.interrupts import end_at_once, run_program

if __name__ == "__main__":
    end_at_once()

from camvid.layouts import SPLITS, open_dataset
from camvid.options import chosen, data_flags, days, named_path
from camvid.synth.write import STYLES
from files.amounts import byte_size, counted
from files.ordered import cores
from files.whole import replacing, write_whole

COMPOSITES = "composites"  # side-by-side pictures: drawn and converted, not read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0; 1 if `check` found faults; 2 for an error, which is printed on stderr."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (ValueError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return 2
    return code


def _describe(options: argparse.Namespace) -> int:
    from camvid.describe import describe

    if options.out and options.out.exists():
        raise FileExistsError(f"{options.out}: this file exists; give another name")
    if options.out and not options.out.parent.is_dir():
        raise FileNotFoundError(
            f"{options.out}: there is no folder {options.out.parent}; make it, or give another file"
        )
    found = describe(*chosen(options))
    print("\n".join(found.lines))
    if options.out and found.classes:
        write_whole(options.out, found.classes)
        print(
            f"wrote {options.out}: name its classes; then put it into the data's folder as taxonomy.yaml, or pass it "
            "as --taxonomy"
        )
    elif options.out:
        print(f"{options.out}: not written, as no classes were found")
    elif found.draft:
        print(f"a draft of the classes; `--out FILE` writes it to a file:\n{found.classes}", end="")
    return 0


def _convert(options: argparse.Namespace) -> int:
    from camvid.convert import convert
    from camvid.remarks import NO_TRAINING

    lines, out = convert(options.out, *chosen(options, lossy=True)), shlex.quote(str(options.out))
    print("\n".join(lines))
    trained, labelled = NO_TRAINING not in lines, (options.out / "masks" / "train").is_dir()
    flags = "" if labelled else " --architecture hydra --tasks depth"
    command = f"python train.py --config cpu{flags} --data {out}" if trained else f"python -m eval RUN --data {out}"
    print(f"wrote {options.out}; {'train' if trained else 'evaluate a model'} with\n  {command}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from camvid.check import check
    from camvid.remarks import about_priority

    report = check(*chosen(options))
    sys.stderr.write(about_priority(report.taxonomy))
    for fault in report.faults:
        print(fault)
    for line in (*report.taken, f"{counted(report.frames, 'frame')}, {counted(len(report.faults), 'fault')}"):
        print(f"{options.root}: {line}", file=sys.stderr)
    return 1 if report.faults else 0


def _stats(options: argparse.Namespace) -> int:
    import numpy as np

    from camvid.depth.about import about_depths
    from camvid.remarks import about_absent
    from camvid.stats import class_frequency, frequency_table, write_csv
    from camvid.stats_plot import plot_frequency

    if file := next((path for path in (options.out, *options.out.parents) if path.is_file()), None):
        raise NotADirectoryError(f"{file}: a file, and no folder; give --out a folder")
    data = open_dataset(*chosen(options), depth=True)
    for line in about_depths(data):
        print(f"{data.root}: {line}", file=sys.stderr)
    frequencies = {split: class_frequency(data, split) for split in SPLITS if any(f.mask for f in data.splits[split])}
    if not frequencies:
        raise ValueError(f"{data.root}: no frame has a label, so there is no class to count")
    print(frequency_table(data.taxonomy, frequencies))
    seen = {split: np.flatnonzero(found.pixels).tolist() for split, found in frequencies.items()}
    if remark := about_absent(data.taxonomy, seen):
        print(f"{data.root}: {remark}", file=sys.stderr)
    table, plot = options.out / "frequency.csv", options.out / "frequency.png"
    title = f"{data.taxonomy.name} in {data.root.name}, {data.layout} layout"
    with replacing(table) as rows, replacing(plot) as bars:  # both or none
        write_csv(rows, data.taxonomy, frequencies)
        plot_frequency(bars, data.taxonomy, frequencies, title)
    print(f"wrote {table} and {plot}")
    return 0


def _synth(options: argparse.Namespace) -> int:
    size = tuple(options.size) if options.size else None
    for flag in ("depth", "one_camera"):
        if options.layout == COMPOSITES and getattr(options, flag):
            shown = flag.replace("_", "-")
            raise ValueError(f"--{shown} does not go with --layout {COMPOSITES}; choose another layout")
    if options.layout == COMPOSITES:
        from camvid.composites.draw import draw_composites

        draw_composites(options.out, options.frames, options.seed, size, options.processes)
    else:
        from camvid.synth import synth

        whole = (options.layout, size, options.depth, options.one_camera, options.processes)
        synth(options.out, options.frames, options.seed, *whole)
    print(f"{options.out}: {counted(options.frames, 'frame')}, layout {options.layout}")
    return 0


def _download(options: argparse.Namespace) -> int:
    from camvid.download import download

    scan = download(options.out, options.url)
    print(f"{options.out}: {len(scan.frames)} frames, layout {scan.layout}")
    return 0


def _composites(options: argparse.Namespace) -> int:
    from camvid.composites.convert import convert

    palette = convert(options.root, options.out, options.colors, options.k, options.seed, options.palette)
    classes = palette.taxonomy.num_classes
    print(
        f"{options.out}: {len(palette.colors)} colours in {classes} classes, shown in composites.png there; train with"
    )
    print(f"  python train.py --config configs/composites.yaml --data {shlex.quote(str(options.out))}")
    return 0


def _cache(options: argparse.Namespace) -> int:
    from camvid.cache_entries import free, list_entries, report
    from camvid.cache_folder import default_folder

    folder = options.folder or default_folder()
    if options.free is not None:
        freed = free(folder, options.free)
        print(f"entries freed: {len(freed)} ({byte_size(sum(entry.size for entry in freed))})\n")
    print(report(folder, list_entries(folder)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = FlagParser(prog="python -m camvid", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = FlagParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    data = data_flags()
    about = commands.add_parser(
        "describe", parents=[data, common], help="print what a folder holds, and how it is read"
    )
    about.add_argument("--out", type=Path, metavar="FILE", help="also write the classes to FILE, as a taxonomy to edit")
    about.set_defaults(run=_describe)
    check = commands.add_parser(
        "check", parents=[data, common], help="read every file, and print one line for each fault"
    )
    check.set_defaults(run=_check)
    stats = commands.add_parser(
        "stats", parents=[data, common], help="count pixels and images of each class in each split"
    )
    stats.add_argument(
        "--out", type=Path, default=Path(), help="folder for frequency.csv and frequency.png; default: ."
    )
    stats.set_defaults(run=_stats)
    plain = commands.add_parser(
        "convert", parents=[data, common], help="write a data set again, in the layout `folders`"
    )
    plain.add_argument("out", type=named_path, metavar="OUT", help="folder to make")
    plain.set_defaults(run=_convert)
    synth = commands.add_parser("synth", parents=[common], help="draw street scenes with all 32 classes")
    synth.add_argument("out", type=named_path, metavar="OUT", help="folder to make")
    synth.add_argument("--frames", type=int, default=60, metavar="N", help="number of frames, default 60")
    synth.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed draws the same bytes, default 0")
    synth.add_argument("--layout", choices=[*STYLES, COMPOSITES], default="original", help="default: original")
    synth.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="default: 720 960, for segnet 360 480, for composites 256 256",
    )
    synth.add_argument(
        "--depth",
        action="store_true",
        help="write the depth of each frame (depth/NAME.png: 16 bits, 256 to a metre, 0 for none) and cameras.csv too",
    )
    synth.add_argument(
        "--one-camera",
        action="store_true",
        help="one camera takes all streets, as in most recorded data sets; by default each street has its own camera",
    )
    synth.add_argument(
        "--processes",
        type=int,
        default=cores(),
        metavar="N",
        help="number of processes that draw, default: one per core",
    )
    synth.set_defaults(run=_synth)
    fetch = commands.add_parser("download", parents=[common], help="download fastai's copy of CamVid")
    fetch.add_argument("out", type=named_path, metavar="OUT", help="folder to make")
    fetch.add_argument("--url", help="address of another .tgz: https://, http:// or file://")
    fetch.set_defaults(run=_download)
    pairs = commands.add_parser("composites", parents=[common], help="make a data set from photo-and-label pictures")
    pairs.add_argument(
        "root",
        type=named_path,
        metavar="ROOT",
        help="folder with train/ and val/, each picture has the photo left and the label right",
    )
    pairs.add_argument("out", type=named_path, metavar="OUT", help="folder to make")
    pairs.add_argument("--k", type=int, default=10, help="number of classes that k-means makes, default 10")
    pairs.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the sample and of k-means, default 0")
    pairs.add_argument("--colors", choices=("kmeans", "cityscapes"), default="kmeans", help="default: kmeans")
    pairs.add_argument(
        "--palette", type=Path, metavar="FILE", help="take the colours from the class_dict.csv of an earlier conversion"
    )
    pairs.set_defaults(run=_composites)
    cache = commands.add_parser(
        "cache", parents=[common], help="list the decoded frames that trainings keep, or delete them"
    )
    cache.add_argument(
        "--free",
        type=days,
        nargs="?",
        const=0.0,
        metavar="DAYS",
        help="delete the entries that were not used for DAYS days, or all without a number; entries in use stay",
    )
    cache.add_argument("--folder", type=Path, help="folder of the cache; default: in the user's cache folder")
    cache.set_defaults(run=_cache)
    return parser


if __name__ == "__main__":
    run_program(main)
