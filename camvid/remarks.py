"""Remarks on the data before a training or an evaluation. They are no faults, but they change what is done.

Each function returns one line, or an empty text if there is nothing to remark. The lines of `about_priority` and
`about_sizes` end with a line break. `way_to_val` is the end of a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from camvid.taxonomy import Taxonomy

NO_TRAINING = "the train split has no frame with a label: models can be evaluated on this data, and none be trained"
LISTED = 3  # sizes that are named, most frequent first


def about_priority(taxonomy: Taxonomy) -> str:
    """What does not work with a taxonomy without priority classes, and what to add to it."""
    if taxonomy.priority:
        return ""
    spec = next((spec for spec in taxonomy.classes if not spec.background), taxonomy.classes[0])
    return (
        f"taxonomy {taxonomy.name} has no priority class: priority Dice is undefined, no frame is an edge case, and "
        "promotion judges only mIoU and large falls; in its YAML file (`python -m camvid describe ROOT --out FILE` "
        "writes one), add `priority: true` to the classes whose errors matter for safety, e.g. "
        f"{{name: {spec.name}, …, priority: true}}\n"
    )


def about_absent(taxonomy: Taxonomy, seen: Mapping[str, Collection[int]]) -> str:
    """Which priority classes no label of train shows, and which splits do; without an end of line.

    Args:
        taxonomy: the classes.
        seen: for each split, the indices of the classes that its labels show.
    """
    told = []
    for index in taxonomy.priority if seen.get("train") else ():
        if index not in seen["train"]:
            others = " and ".join(split for split, classes in seen.items() if index in classes)
            told.append(f"{taxonomy.names[index]} (in {others or 'no split'})")
    return f"no train label shows these priority classes, so they cannot be learnt: {', '.join(told)}" if told else ""


def about_val(drives: Mapping[str, Sequence[str]]) -> str:
    """What a val split of one drive cannot show, if several drives are used for training.

    Args:
        drives: for each split, the drive of each of its frames.
    """
    val, train = set(drives.get("val", ())), set(drives.get("train", ()))
    if len(val) != 1 or len(train) < 2 or not val <= train:
        return ""
    (drive,) = val
    which = f"all {count} val frames are" if (count := len(drives["val"])) > 1 else "the only val frame is"
    return (
        f"{which} of {drive}, one of the {len(train)} drives of the train split: "
        "a model that is better on val may be worse elsewhere; to choose settings or models, take `--split drives`, "
        "which holds out a stretch of every drive"
    )


def way_to_val(splits: Mapping[str, Sequence[object]]) -> str:
    """The end of a message that the val split is empty: what divides the frames of train, if there are any."""
    way = "drives" if splits["test"] else "sequence"  # a test split of the data's own stays with drives
    return f"; `--split {way}` divides the frames of train" if splits["train"] and not splits["val"] else ""


def about_sizes(what: str, sizes: Iterable[tuple[int, int]]) -> str:
    """How frames of several sizes (height, width) are treated. `what` is the subject of the sentence."""
    found = Counter(sizes).most_common()
    if len(found) < 2:
        return ""
    listed = ", ".join(f"{count} of {width}x{height}" for (height, width), count in found[:LISTED])
    (height, width), _ = found[0]
    return (
        f"{what} have {len(found)} sizes ({listed}{', …' * (len(found) > LISTED)}): for training, each is fitted into "
        f"{width}x{height}, its aspect is kept, and the rest is void; each is scored at its own size\n"
    )
