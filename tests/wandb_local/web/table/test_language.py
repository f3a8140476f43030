"""The filter language, over rows made by hand."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.table.cells import Column, File, Label, OverlaySet, Picture, Table
from wandb_local.web.table.language import parse
from wandb_local.web.table.tokens import FilterError, spelled, tokens

COLUMNS = tuple(
    Column(name, kind)
    for name, kind in (
        ("name", "text"),
        ("dice/Car", "number"),
        ("dice", "number"),
        ("odd name (B-A)", "number"),
        ("flagged", "boolean"),
        ("and", "number"),
        ("tags", "value"),
        ("image", "image"),
        ("größe µ", "number"),
    )
)
LABELS = {1: Label("car", "#ff0000", "#ff0000"), 2: Label("traffic light, red", "#00ff00", "#00ff00")}
SETS = (OverlaySet("truth", LABELS), OverlaySet("a model's guess", LABELS))
FOLDER: Any = None  # of files that nobody opens
PIXELS: dict[str, dict[int, int]] = {"m1": {0: 50, 1: 7}, "m2": {0: 50, 2: 9}}


def picture(**masks):
    return (Picture(None, "a.jpg", {name.replace("_", " "): File(FOLDER, "", md5) for name, md5 in masks.items()}),)


ROWS: tuple[Any, ...] = (
    ("Alpha", 0.1, 1, -0.5, True, 3, ["a", 1], picture(truth="m1"), 1.5),
    ("beta", None, 2, 0.5, False, -4, {"a": 1}, picture(truth="m2"), 2),
    ('say "hi"', math.nan, 3, 1e-3, None, 0, "text", None, None),
    ("<script>", math.inf, 4, 2, True, None, None, picture(truth="gone"), -1),
)


def fitting(expression):
    """The numbers of the rows that fit."""
    predicate = parse(expression, COLUMNS, SETS, lambda md5: PIXELS.get(md5, {}))
    return [number for number, row in enumerate(ROWS) if predicate(row)]


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("dice/Car < 0.3", [0]),
        ("dice/Car < 0.3 and flagged", [0]),
        ("dice > 1", [1, 2, 3]),
        ("dice/Car >= inf", [3]),
        ("dice/Car != 0.1", [1, 2, 3]),
        ("dice/Car is null", [1, 2]),
        ("dice/Car is not null", [0, 3]),
        ("not dice/Car < 0.3", [1, 2, 3]),
        ("odd name (B-A) < -0.1", [0]),
        ("odd name (B-A)<1e-2 and(dice>1)", [2]),
        ("`odd name (B-A)` > .4", [1, 3]),
        ('"odd name (B-A)" > .4', [1, 3]),
        ("`and` = -4", [1]),
        ("größe µ > 1", [0, 1]),
        ("0.3 > dice/Car", [0]),
        ("dice = `and`", []),
        ("flagged or dice = 2", [0, 1, 3]),
        ("flagged == false", [1]),
        ("flagged = 1", [0, 3]),
        ("NOT flagged AND dice < 3", [1]),
        ("name contains 'ALPH'", [0]),
        ("name not contains 'a'", [3]),
        ("name in ('beta', '<script>')", [1, 3]),
        ("dice not in (1, 2, 3)", [3]),
        (r'name == "say \"hi\""', [2]),
        ("tags contains 'a'", [0, 1]),
        ("'a' in tags", [0, 1]),
        ("'a' not in tags", [2, 3]),
        ("tags contains 1", [0]),
        ("image is null", [2]),
        ("has(truth, car)", [0]),
        ('has(truth, "traffic light, red")', [1]),
        ("not has(truth, car) and image is not null", [1, 3]),
        ("pixels( truth , car ) >= 7", [0]),
        ('has("a model\'s guess", car)', []),
        ("has(truth, car) or (flagged and not (dice < 4))", [0, 3]),
    ],
)
def test_which_rows_fit(expression, rows):
    assert fitting(expression) == rows


@pytest.mark.parametrize(
    ("expression", "position", "words"),
    [
        ("dice/Car <", 10, "expected a column or a value behind '<', found the end"),
        ("dice/Cra < 1", 0, "no column 'dice/Cra'; did you mean dice/Car"),
        ("`nothing` < 1", 0, "no column 'nothing'"),
        ("'nothing' < 1", 0, "no column 'nothing'"),
        ("dice < 'a'", 7, "cannot be compared"),
        ("name == 3", 8, "cannot be compared"),
        ("dice == null", 8, "is null"),
        ("dice", 4, "expected a comparison"),
        ("(dice < 1", 9, "expected ')', found the end"),
        ("dice < 1 dice > 2", 9, "expected 'and', 'or' or the end"),
        ("dice is nothing", 8, "no column 'nothing'"),
        ("dice not < 3", 9, "expected 'in' or 'contains'"),
        ("name == 'a", 8, "never closed"),
        ("dice in (1, ", 12, "expected a column or a value behind ','"),
        ("dice contains 1", 0, "'contains' needs a text or a list"),
        ("has(tuth, car)", 4, "did you mean truth"),
        ("has(truth, dog)", 11, "there are: car, traffic light, red"),
        ("has(truth car)", 4, "is not the name of a set of masks"),
        ("has truth", 0, "no column 'has'"),
        ("dice < 1 and", 12, "found the end"),
        ("!", 0, "not allowed here"),
        ("__import__('os').system('x')", 0, "no column"),
        ("(" * 60 + "dice < 1" + ")" * 60, 40, "levels of brackets or 'not'"),
        ("not " * 60 + "flagged", 160, "levels of brackets or 'not'"),
        ("dice < 1 or " * 400, 4000, "longer than 4000"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(expression, position, words):
    with pytest.raises(FilterError) as caught:
        fitting(expression)
    assert words in str(caught.value)
    assert caught.value.position == position
    assert f"at character {position + 1}: " in str(caught.value)


@given(
    st.text(alphabet="dice/Carflgned and or not in is null contains has(truth,`'\"<>=!.0123456789-)\\ü\n", max_size=60)
)
def test_any_text_is_a_filter_or_an_error(expression):
    try:
        fitting(expression)
    except FilterError as error:
        assert 0 <= error.position <= len(expression)


@given(st.floats(allow_nan=False), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_comparisons_agree_with_python(number, sign):
    predicate = parse(
        f"x {sign} {number!r}" if math.isfinite(number) else f"x {sign} inf",
        [Column("x", "number")],
        (),
        PIXELS.__getitem__,
    )
    bound = number if math.isfinite(number) else math.inf
    for x in (-1.0, 0.0, 0.5, number, 1e300, math.inf):
        expected = {
            "<": x < bound,
            "<=": x <= bound,
            ">": x > bound,
            ">=": x >= bound,
            "==": x == bound,
            "!=": x != bound,
        }
        assert predicate((x,)) is expected[sign]


def test_a_table_finds_its_columns():
    table = Table(COLUMNS, ROWS)
    assert (table.position("dice"), table.position("nothing")) == (2, None)


def test_every_name_can_be_spelled():
    names = ["dice", "dice/Car", "a b", "a,b", "and", "1", "has", "`tick", "back\\", "(", "", "not", "größe µ", "x = 1"]
    for name in names:
        expression = f"{spelled(name, names)} < 1"
        assert next((token.kind, token.text) for token in tokens(expression, names)) == ("column", name), expression
    assert (spelled("dice/Car", names), spelled("and", names)) == ("dice/Car", "`and`")
