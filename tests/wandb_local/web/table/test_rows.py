"""Order, comparison, export and colours of rows made by hand."""

import csv
import io
import math
from typing import Any

import pytest

from wandb_local.web.table.cells import Column, File, Label, OverlaySet, Picture, Table, shown
from wandb_local.web.table.compare import compare, key_columns
from wandb_local.web.table.export import to_csv
from wandb_local.web.table.order import ordered, sortings_of
from wandb_local.web.table.palette import COLORS, carried_colors, class_colors
from wandb_local.web.table.view import View

FOLDER: Any = None  # of files that nobody opens
LABELS = {0: Label("road", "#111111", "#222222")}


SETS = (OverlaySet("truth", LABELS), OverlaySet("prediction", LABELS))


def table(*rows):
    kinds = {"name": "text", "score": "number", "image": "image", "mixed": "value"}
    return Table(tuple(Column(name, kind) for name, kind in kinds.items()), rows, SETS)


def image(name, prediction):
    masks = {"truth": File(FOLDER, "t", f"truth-{name}"), "prediction": File(FOLDER, "p", prediction)}
    return (Picture(File(FOLDER, f"{name}.jpg", name), f"{name}.jpg", masks),)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (["score"], [3, 0, 2, 1, 4]),
        (["-score"], [2, 0, 3, 1, 4]),  # what is missing comes last either way
        (["name"], [3, 1, 4, 0, 2]),
        (["-name", "score"], [2, 0, 4, 1, 3]),
        (["mixed"], [1, 0, 2, 3, 4]),
        (["nothing"], [0, 1, 2, 3, 4]),
        (["image"], [0, 1, 2, 3, 4]),
    ],
)
def test_rows_are_sorted_by_any_column(sort, expected):
    rows = (
        ("c", 2, None, "b"),
        ("B", None, None, 7),
        ("d", math.inf, None, ["x"]),
        ("a", -math.inf, None, {"y": 1}),
        ("b", math.nan, None, None),
    )
    whole = table(*rows)
    assert ordered(rows, lambda _row: True, sortings_of(whole, sort)) == expected
    assert ordered(rows, lambda row: row[0] != "c", sortings_of(whole, sort)) == [n for n in expected if n]


def test_the_same_rows_of_two_tables():
    one = table(("a", 0.9, image("a", "p1"), 1), ("b", 0.5, image("b", "p2"), 1), ("gone", 1.0, None, 1))
    other = table(("b", 0.75, image("b", "p3"), 2), ("a", 0.4, image("a", "p1"), 2), ("new", None, None, 2))
    both: Any = compare(one, other, "name")
    names = ["name", "image", "score (B-A)", "score (A)", "score (B)", "mixed (A)", "mixed (B)"]
    assert [column.name for column in both.columns] == names
    assert [(row[0], *row[2:]) for row in both.rows] == [
        ("a", pytest.approx(-0.5), 0.9, 0.4, 1, 2),
        ("b", pytest.approx(0.25), 0.5, 0.75, 1, 2),
    ]
    assert [each.name for each in both.sets] == ["truth", "prediction (A)", "prediction (B)"]
    masks = both.rows[1][1][0].masks
    assert {name: file.md5 for name, file in masks.items()} == {
        "truth": "truth-b",
        "prediction (A)": "p2",
        "prediction (B)": "p3",
    }
    assert both.faults == ("rows only in A: 1", "rows only in B: 1")


def test_different_images_stand_beside_each_other_and_rows_of_one_key_in_their_order():
    one = table(("a", 1, image("x", "p"), 0), ("a", 2, None, 0))
    other = table(("a", 5, image("y", "p"), 0), ("a", None, image("z", "q"), 0))
    both = compare(one, other, "name")
    assert [column.name for column in both.columns][:4] == ["name", "image (A)", "image (B)", "score (B-A)"]
    assert [row[3] for row in both.rows] == [4, None]
    assert both.rows[1][1] == ()
    assert compare(one, table(), "name").rows == []
    with pytest.raises(ValueError, match="B has no column 'score'"):
        compare(one, Table((Column("name", "text"),), [("a",)]), "score")


def test_columns_that_one_table_has_alone_are_shown_too():
    columns = (Column("name", "text"), Column("note", "text"), Column("image", "image"))
    one = Table((*columns, Column("old", "number")), [("a", "x", image("a", "p1"), 1)], SETS)
    two = Table((columns[0], Column("more", "image"), Column("new", "number")), [("a", image("a", "p2"), 2)], SETS)
    both: Any = compare(one, two, "name")
    names = ["name", "image (A)", "more (B)", "note (A)", "old (A)", "new (B)"]
    assert [column.name for column in both.columns] == names
    assert [*both.rows[0][:1], *both.rows[0][3:]] == ["a", "x", 1, 2]
    assert [each.name for each in both.sets] == ["truth", "prediction (A)", "prediction (B)"]
    assert [set(both.rows[0][place][0].masks) for place in (1, 2)] == [
        {"truth", "prediction (A)"},
        {"truth", "prediction (B)"},
    ]


def test_keys_that_name_one_row_each_come_first():
    one = table(("a", 1, None, 0), ("b", 1, None, 0))
    assert key_columns(one, one) == ["name", "score"]
    repeated = table(("a", 1, None, 0), ("a", 2, None, 0))
    assert key_columns(repeated, repeated) == ["score", "name"]


STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u3000\uff1d"]
STARTS += [*"\uff1d\uff0b\uff0d\uff20", *"\ufe66\ufe62\ufe63\ufe6b"]  # full-width and small forms
INVISIBLE = ["\ufeff=", "\u200b+", "\u200e@"]  # a byte order mark, a space of no width, a mark of direction


@pytest.mark.parametrize("start", [*STARTS, *INVISIBLE])
def test_a_spreadsheet_runs_nothing(start):
    hostile = f"{start}HYPERLINK(1)"
    rows = ((hostile, -1.5, image("a", "p"), {"k": '"=1"'}), ('é, "q"', math.nan, None, None))
    columns = (Column(hostile, "text"), *table().columns[1:])
    text = to_csv(Table(columns, rows), [1, 0], [0, 1, 2, 3])
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0][0] == read[2][0] == f"'{hostile}"
    assert read[1] == ['é, "q"', "", "", ""]
    assert read[2][1:] == ["-1.5", "a.jpg", '{"k": "\\"=1\\""}']


@pytest.mark.parametrize("text", ["a=1", "\u2460", "\u00a0x", "", " ", "\uff21\uff1d"])
def test_what_no_spreadsheet_takes_for_a_formula_stays(text):
    written = to_csv(Table((Column("name", "text"),), ((text,),)), [0], [0])
    assert list(csv.reader(io.StringIO(written, newline="")))[1] in ([text], [])


def test_colours_stay_with_their_class():
    classes = [(value, f"class {value}") for value in range(40)]
    colors = class_colors(classes)
    assert len(set(colors.values())) == 40
    assert colors["class 7"] == class_colors([(7, "class 7")])["class 7"] == COLORS[7]
    more = class_colors([*classes[:11], (250, "correct"), (255, "void"), (3, "again"), (5, "again")])
    assert len(set(more.values())) == 14
    given = {"road": "#80FF00", "bad": "red", "veil": "#80808040", "list": [1]}
    assert carried_colors(given) == {"road": "#80ff00", "veil": "#80808040"}
    assert carried_colors("none") == {}


def test_cells_as_the_grid_shows_them():
    assert [shown(cell, 5) for cell in (0.123456, 3.0, 123456.789, math.inf, math.nan, True, None)] == [
        "0.1235",
        "3",
        "123456.79",
        "∞",
        "NaN",
        "true",
        "",
    ]
    assert shown("x" * 10_000, 5) == "xxxxx… (10,000 characters)"
    assert shown(2**70, 100) == str(2**70)


def test_a_query_of_nonsense_is_an_ordinary_view():
    nonsense = {"sort": "{", "hide": "[1]", "sets": '"x"', "opacity": "9" * 30, "row": "-1", "off": "[" * 10_000}
    assert View.of(nonsense) == View(row_text="-1")
