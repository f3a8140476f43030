"""SegNet's form of CamVid: `<split>/`, `<split>annot/*.png` with values, whose names maybe `codes.txt` lists."""

from __future__ import annotations

from pathlib import Path

from camvid.labels import Labels, index_labels
from camvid.layouts.codes import CODES, read_codes
from camvid.layouts.layout import Layout
from camvid.layouts.notices import GuessWarning, notice
from camvid.layouts.scan import Scan, scan_folders
from camvid.layouts.split_lists import DRIVES
from camvid.taxonomy import OWN_FILE, TAXONOMIES, VOID_NAME, Taxonomy, TaxonomyError, load_taxonomy


def scan_segnet(root: Path, layout: str) -> Scan:
    """`<split>/<name>.*` and `<split>annot/<name>.png`."""
    return scan_folders(root, layout, "annot", "")


def segnet_labels(scan: Scan, taxonomy: Taxonomy) -> Labels:
    """Values in the order of codes.txt. Without that file they are SegNet's for a taxonomy with its 11 classes (which
    may differ in colours and priorities, and may have a class that collects void), and else the taxonomy's own order.

    Warns with GuessWarning where SegNet's list is a guess. Raises TaxonomyError where the values cannot be known.
    """
    codes = scan.root / CODES
    if not codes.is_file():
        if not _is_segnets(taxonomy):
            return _in_own_order(scan.root, taxonomy)
        _guess(scan)
        return _as_segnets(taxonomy)
    names = read_codes(codes)
    if names not in (segnet_names(), segnet_names()[:-1]):
        return index_labels(_with_own_names(taxonomy, names), names, str(codes))
    return _as_segnets(taxonomy) if _is_segnets(taxonomy) else _regrouped(codes, names, taxonomy)


def segnet_names() -> tuple[str, ...]:
    """The names of the values in SegNet's masks, void last."""
    return (*load_taxonomy("camvid11").names, VOID_NAME)


def _as_segnets(taxonomy: Taxonomy) -> Labels:
    return index_labels(_by_value(taxonomy), segnet_names(), "SegNet's list of 11")


def _by_value(taxonomy: Taxonomy) -> Taxonomy:
    """The same classes over labels whose names are theirs, whatever finer names they collect."""
    void = {name: taxonomy.groups[name] == (VOID_NAME,) for name in taxonomy.names}
    return Taxonomy(taxonomy.name, taxonomy.classes, {n: (VOID_NAME if void[n] else n,) for n in taxonomy.names})


def _with_own_names(taxonomy: Taxonomy, names: tuple[str, ...]) -> Taxonomy:
    """Classes that collect the label of their own name too, unless another one does: Pole, beside Column_Pole."""
    own = {name for name in names if name in taxonomy.groups and name not in taxonomy.sources}
    groups = {name: (*group, name) if name in own else group for name, group in taxonomy.groups.items()}
    return Taxonomy(taxonomy.name, taxonomy.classes, groups)


def _is_segnets(taxonomy: Taxonomy) -> bool:
    """Whether its classes are SegNet's 11 in their order, void as a class aside."""
    return tuple(n for n in taxonomy.names if taxonomy.groups[n] != (VOID_NAME,)) == segnet_names()[:-1]


def _guess(scan: Scan) -> None:
    """Nothing lists the names of the values: for frames of CamVid's drives they are known, else the guess is said."""
    own = scan.root / OWN_FILE
    if own.is_file() and not _is_segnets(brought := load_taxonomy(own)):
        raise TaxonomyError(
            f"{own}: this data set brings classes of its own ({', '.join(brought.names)}), and those that were asked "
            f"for are SegNet's; take taxonomy own, or list the names of the label values in {CODES}"
        )
    if all(frame.sequence in DRIVES for frame in scan.frames):
        return
    values = ", ".join(f"{value} {name}" for value, name in enumerate(segnet_names()))
    notice(
        f"{scan.root}: no {CODES} lists the names of the label values; guessed: {values}. If that is wrong, list the "
        f"names there, one a line, or put the classes in this order into {OWN_FILE} and take taxonomy own",
        GuessWarning,
        level=5,
    )


def _in_own_order(root: Path, taxonomy: Taxonomy) -> Labels:
    """Value i is the i-th class: what a data set that brings classes and no list of names can only mean."""
    over = f"taxonomy {taxonomy.name!r} over the SegNet masks in {root}"
    if taxonomy.digest in {load_taxonomy(name).digest for name in TAXONOMIES}:
        raise TaxonomyError(
            f"{over}: their values are camvid11 indices; take taxonomy camvid11 or camvid12, the data in layout "
            f"original, fastai or kaggle, or list the names of the values in {CODES}, one a line"
        )
    for name, group in taxonomy.groups.items():
        if group not in ((name,), (VOID_NAME,)):
            raise TaxonomyError(
                f"{over}: class {name} collects {', '.join(group)}, and nothing says which values these are; list the "
                f"names of the values in {root / CODES}, one a line, or leave collects out where value i is class i"
            )
    same = _by_value(taxonomy)
    return index_labels(same, [same.groups[name][0] for name in same.names], f"taxonomy {taxonomy.name}")


def _regrouped(codes: Path, names: tuple[str, ...], taxonomy: Taxonomy) -> Labels:
    """SegNet's names in other classes, each of which must get some: SegNet's SignSymbol has camvid32's traffic lights,
    for instance, so that those cannot be had.
    """
    own = _with_own_names(taxonomy, names)
    if absent := [name for name, group in own.groups.items() if not set(group) & set(names)]:
        raise TaxonomyError(
            f"taxonomy {taxonomy.name!r} over the SegNet masks in {codes.parent}: class {absent[0]} collects none of "
            f"the names that {codes} lists; take taxonomy camvid11 or camvid12, or one of these: {', '.join(names)}"
        )
    return index_labels(own, names, str(codes))


SEGNET = Layout(
    "segnet",
    ("train/", "trainannot/"),
    scan_segnet,
    segnet_labels,
    ("{split}/x.png", "{split}annot/x.png"),
)
