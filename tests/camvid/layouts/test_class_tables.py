import pytest

from camvid.layouts.class_lists import read_class_dict, read_label_colors
from camvid.layouts.codes import passed_over, read_codes
from tests.camvid.drawn import NAMES, PALETTE


def test_codes(tmp_path):
    path = tmp_path / "codes.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(NAMES).encode() + b"\r\n\r\n")  # as an editor on Windows saves it
    assert read_codes(path) == NAMES


def test_class_dict_with_spaces_and_a_further_column(tmp_path):
    path = tmp_path / "class_dict.csv"
    rows = [f"{name}, {r}, {g}, {b}, 1" for name, (r, g, b) in PALETTE.items()]
    path.write_text("\n".join(["name, r, g, b, class_11", *rows, ""]))
    assert read_class_dict(path) == PALETTE


@pytest.mark.parametrize("head", ["Name,R,G,B", " NAME , r ,g , b ", "\ufeffName,R,G,B"])
def test_class_dict_with_a_head_in_any_case_and_blanks(head, tmp_path):
    path = tmp_path / "class_dict.csv"
    path.write_text("\n".join([head, *(f" {name} ,{r}, {g} ,{b}" for name, (r, g, b) in PALETTE.items())]))
    assert read_class_dict(path) == PALETTE


def test_class_dict_with_columns_in_another_order(tmp_path):
    path = tmp_path / "class_dict.csv"
    path.write_text("\n".join(["R,G,B,Name", *(f"{r},{g},{b},{name}" for name, (r, g, b) in PALETTE.items())]))
    assert read_class_dict(path) == PALETTE


def test_label_colors_with_uneven_tabs(tmp_path):
    path = tmp_path / "label_colors.txt"
    path.write_text("\n".join(f"{r} {g} {b}\t\t{name}" for name, (r, g, b) in PALETTE.items()) + "\n\n")
    assert read_label_colors(path) == PALETTE


BAD = {
    "codes twice": (read_codes, "Road\nSky\nRoad\n", "'Road' is listed twice"),
    "dict without header": (read_class_dict, "Road,1,2,3\n", "columns name,r,g,b; got 'Road,1,2,3'"),
    "dict empty": (read_class_dict, "", "columns name,r,g,b"),
    "dict header alone": (read_class_dict, "name,r,g,b\n", "lists no class"),
    "dict short row": (read_class_dict, "name,r,g,b\nSky,1,2,3\nRoad,1,2\n", "line 3: a name and R, G, B"),
    "dict too large": (read_class_dict, "name,r,g,b\nRoad,1,2,256\n", "line 2: .* from 0 to 255"),
    "dict twice": (read_class_dict, "name,r,g,b\nRoad,1,2,3\nRoad,1,2,4\n", "'Road' is listed twice"),
    "colors without name": (read_label_colors, "1 2 3 Sky\n\n1 2 4\n", "line 3: a name and R, G, B"),
    "colors as text": (read_label_colors, "one 2 3 Sky\n", "line 1: a name and R, G, B"),
    "colors negative": (read_label_colors, "-1 2 3 Sky\n", "line 1"),
}


@pytest.mark.parametrize("read,text,message", BAD.values(), ids=BAD)
def test_bad_table_is_named(read, text, message, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"table\.txt.*{message}"):
        read(path)


@pytest.mark.parametrize(
    "lines",
    [
        ["# mine", "", "road", "car", "# sky is last", "sky"],
        ["0 road", "1 car", "2 sky"],
        ["0: road", "1: car", "", "2: sky"],
        ["0,road", "1, car", "2 ,sky"],
        ["# value name", "0\troad", "1\tcar", "2\tsky"],
        ["0 - road", "1 - car", "2 - sky"],
    ],
)
def test_numbers_in_order_and_comments_are_left_out(lines, tmp_path):
    (tmp_path / "classes.txt").write_text("\n".join(lines))
    assert read_codes(tmp_path / "classes.txt") == ("road", "car", "sky")


@pytest.mark.parametrize("lines", [["0 road", "2 car", "1 sky"], ["1: road", "2: car"], ["0,road", "7,car"]])
def test_numbers_that_are_not_those_of_the_lines_are_refused(lines, tmp_path):
    (tmp_path / "classes.txt").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"classes\.txt: numbers .* not 0, 1, 2, … .*_classes\.csv, whose first line"):
        read_codes(tmp_path / "classes.txt")


def test_comments_in_tables_are_passed_over(tmp_path):
    (tmp_path / "class_dict.csv").write_text("# by hand\nname,r,g,b\n# first\nroad,1,2,3\n")
    assert read_class_dict(tmp_path / "class_dict.csv") == {"road": (1, 2, 3)}
    (tmp_path / "label_colors.txt").write_text("# r g b name\n1 2 3 road\n")
    assert read_label_colors(tmp_path / "label_colors.txt") == {"road": (1, 2, 3)}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("road\ncar\n", ""),
        ("128 64 128 road\n", ""),
        ("# a\nroad\n", "classes.txt: 1 comment passed over"),
        ("# a\n# b\n0 road\n", "classes.txt: 2 comments passed over; the numbers before the names are the values"),
    ],
)
def test_what_is_left_out_of_a_list_is_said(text, line, tmp_path):
    (tmp_path / "classes.txt").write_text(text)
    assert passed_over(tmp_path / "classes.txt") == line


def test_a_name_may_begin_with_a_number(tmp_path):
    (tmp_path / "codes.txt").write_text("2 wheeler\ncar")
    assert read_codes(tmp_path / "codes.txt") == ("2 wheeler", "car")


@pytest.mark.parametrize("read", [read_codes, read_class_dict, read_label_colors])
def test_binary_table_is_named(read, tmp_path):
    path = tmp_path / "table.txt"
    path.write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(ValueError, match=r"table\.txt: this is not a text file"):
        read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"codes\.txt: lists no class; write the names of the classes, one a line"),
        ("# a comment\n\n", r"codes\.txt: lists no class"),
        ("road\n\nsky\n", r"codes\.txt, line 2: empty, with names behind it"),
        ("# a comment\n\nroad\n\nsky\n", r"codes\.txt, line 4: empty, with names behind it"),
        ("\nroad\n", r"codes\.txt, line 1: empty, with names behind it"),
        (
            "\n".join(map(str, range(1, 300))).replace("1", "one"),
            r"codes\.txt: 299 names, and a label of 8 bits has at",
        ),
    ],
)
def test_each_fault_of_a_list_of_names_has_its_own_message(text, message, tmp_path):
    (tmp_path / "codes.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_codes(tmp_path / "codes.txt")
