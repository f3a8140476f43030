"""Tables as Markdown."""

from files.markdown import markdown_line, markdown_table

NAN = float("nan")


def test_cells_are_short_and_end_no_column():
    assert markdown_table(["text"], [["x|y\nz"], [None]]).splitlines() == [
        *("| text |", "| --- |", "| x\\|y z |", "| – |")
    ]
    assert markdown_table(["a|b"], [[1.23456], [NAN], [5123456.0], [True], [""]]).splitlines() == [
        *("| a\\|b |", "| --- |", "| 1.235 |", "| – |", "| 5,123,456 |", "| True |", "|  |")
    ]
    assert markdown_table(["tag"], [["<id>"]]).endswith("| &lt;id> |")


def test_a_table_for_a_terminal_is_aligned():
    table = markdown_table(["name", "MB"], [["a|b", 1.5], ["longer", None]], texts=1)
    assert table.splitlines() == ["| name   |  MB |", "| ------ | --: |", "| a\\|b   | 1.5 |", "| longer |   – |"]


def test_a_table_may_be_written_line_by_line():
    table = markdown_table(["what", "kept"], [["a", "yes"]])
    assert f"{markdown_table(['what', 'kept'], [])}\n{markdown_line(['a', 'yes'])}" == table
