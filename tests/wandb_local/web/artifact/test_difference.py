"""What changed between two versions, in numbers."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.wandb_local.web.uploads import Uploads
from wandb_local.web.artifact.difference import MOST_CHANGES, Change, compare, compare_files, counted
from wandb_local.web.grids import size_text


def test_files_by_content_not_by_size(context):
    uploads = Uploads(context)
    before = uploads.version("C1", "a", {"a": b"1", "b": b"12345", "same": b"1"}, {"c": "s3://x", "same ref": "s3://x"})
    after = uploads.version("C2", "a", {"b": b"54321", "d": b"", "same": b"1"}, {"c": "s3://xyz", "same ref": "s3://x"})
    kinds, changes = compare_files(context, before, after)
    assert changes == [
        Change("removed", "a", 1, None),
        Change("changed", "b", 5, 5),
        Change("changed", "c", 6, 8),
        Change("added", "d", None, 0),
    ]
    assert counted(kinds, 5) == "1 added, 1 removed, 2 changed, 2 the same"


def test_all_files_of_large_versions_are_compared(context):
    uploads = Uploads(context)
    paths = [f"{number:05}" for number in range(MOST_CHANGES + 5)]
    before = uploads.version("C1", "a", {}, dict.fromkeys(paths, "s3://x"))
    after = uploads.version("C2", "a", {}, dict.fromkeys(paths[1:-1], "s3://x") | {paths[-1]: "s3://y"})
    kinds, changes = compare_files(context, before, after)
    assert changes == [Change("removed", paths[0], 6, None), Change("changed", paths[-1], 6, 6)]
    assert counted(kinds, len(paths) - 1) == f"1 removed, 1 changed, {len(paths) - 2} the same"
    kinds, changes = compare_files(context, after, uploads.version("C3", "a", {}, {"z": "s3://x"}))
    assert counted(kinds, 1) == f"1 added, {len(paths) - 1} removed, 0 the same"
    assert [change.name for change in changes] == paths[1 : MOST_CHANGES + 1]


def test_metadata_of_any_kind():
    changes = compare({"a": None, "b": [1, {"x": 2}], "c": True}, {"a": None, "b": [1, {"x": 3}], "c": 1})
    assert changes == [Change("changed", "b", [1, {"x": 2}], [1, {"x": 3}]), Change("changed", "c", True, 1)]
    assert counted(Counter(change.kind for change in changes), 3) == "2 changed, 1 the same"
    assert counted(Counter(), 3) == "3 the same"


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 3)), st.dictionaries(st.text(max_size=2), st.integers(0, 3)))
def test_the_changes_turn_one_side_into_the_other(before, after):
    turned = dict(before)
    for change in compare(before, after):
        assert before.get(change.name) == change.before
        if change.kind == "removed":
            del turned[change.name]
        else:
            turned[change.name] = change.after
    assert turned == after


def test_sizes():
    assert [size_text(size) for size in (0, 999, 1000, 2_340_000, 5 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "2.3 MB",
        "5.0 TB",
    ]
