"""Lists of names in the addresses of pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.urls import list_names, listed_names


@given(st.lists(st.text(alphabet='ab,"[]\\ü ')))
def test_names_come_back_as_they_went(names):
    assert listed_names(list_names(names)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [("config.lr,summary.val/loss", ["config.lr", "summary.val/loss"]), ("[a", ["[a"]), ("[1]", ["[1]"]), ("", [])],
)
def test_what_stands_in_older_links(text, names):
    assert listed_names(text) == names
    assert list_names(["config.lr", "summary.val/loss"]) == "config.lr,summary.val/loss"
