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
