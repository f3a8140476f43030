"""YAML of few letters stays small, and honest aliases are read."""

import pytest
import yaml

from files.yamls import load_yaml
from models.saved import _read

ALIASES = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))])
MERGED = "\n".join(["a0: &a0 {k: x}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 24))])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ALIASES, "when its aliases are expanded"),
        (MERGED, "when its aliases are expanded"),
        ("a: &a [*a]", "when its aliases are expanded"),
        ("a: " + "1:" * 100_000 + "1", "digits"),
        ("[" * 500, "nested too deeply"),
        ("a: 2020-02-31", "day"),
    ],
)
def test_yaml_that_grows_is_refused_in_one_line(text, reason, tmp_path):
    with pytest.raises(yaml.YAMLError, match=reason):
        load_yaml(text)
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"config.yaml: cannot be read \(.*{reason}.*use the file"):
        _read(tmp_path / "config.yaml", load_yaml)


def test_honest_aliases_are_read():
    assert load_yaml("a: &a [1, 2]\nb: *a\nc: {<<: &d {x: 1}, y: *d}") == {
        "a": [1, 2],
        "b": [1, 2],
        "c": {"x": 1, "y": {"x": 1}},
    }
    assert load_yaml("") is None
