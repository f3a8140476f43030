import pytest

from files.texts import read_lines, read_text

LINES = ["Straße", "Fußgänger", "Sky"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def encoded(text, encoding):
    marked = "\ufeff" + text if encoding.endswith(("le", "be")) else text
    return marked.encode(encoding)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_of_every_encoding_that_says_itself(encoding, newline, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(encoded(newline.join([*LINES, ""]), encoding))
    assert read_lines(path) == LINES
    assert not read_text(path).startswith("\ufeff")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Straße\n".encode("latin-1"), "UTF-8"),
        ("Sky\n".encode("utf-16-le"), "UTF-8"),  # without its mark: zero bytes, which no list holds
        (b"\xff\xfeS\0k", "UTF-16"),
        (b"\xef\xbb\xbf\xff", "UTF-8"),
        (b"\xff\xfe\0\0S", "UTF-32"),
    ],
)
def test_what_is_no_text_names_file_and_encoding(data, encoding, tmp_path):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(ValueError, match=rf"a\.txt: this is not a text file in {encoding} \(.*\); save it as UTF-8"):
        read_text(tmp_path / "a.txt")


def test_the_line_of_a_byte_that_is_not_utf_8_is_told(tmp_path):
    (tmp_path / "a.txt").write_bytes("road\nsky\nStraße\n".encode("latin-1"))
    with pytest.raises(
        ValueError, match=r"a\.txt: this is not a text file in UTF-8 \(line 3 has the byte 0xdf\); save"
    ):
        read_text(tmp_path / "a.txt")
