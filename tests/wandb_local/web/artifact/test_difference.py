"""What changed between two versions, in numbers."""

from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.artifact.difference import Change, compare, compare_files, counted
from wandb_local.web.artifact.read import size_text


def row(path, md5="1", ref=None, size=5):
    return {"path": path, "md5": md5, "ref": ref, "size": size}


def test_files_by_content_not_by_size():
    before = [row("a"), row("b"), row("c", None, "s3://x/1")]
    after = [row("b", "2"), row("c", None, "s3://x/2", 7), row("d")]
    assert compare_files(before, after) == [
        Change("removed", "a", 5, None),
        Change("changed", "b", 5, 5),
        Change("changed", "c", 5, 7),
        Change("added", "d", None, 5),
    ]


def test_metadata_of_any_kind():
    changes = compare({"a": None, "b": [1, {"x": 2}], "c": True}, {"a": None, "b": [1, {"x": 3}], "c": 1})
    assert changes == [Change("changed", "b", [1, {"x": 2}], [1, {"x": 3}]), Change("changed", "c", True, 1)]
    assert counted(changes, 1) == "2 changed, 1 the same"
    assert counted([], 3) == "3 the same"


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
