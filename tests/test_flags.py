"""Flags in both spellings, by every command but the server's."""

import pytest

from artifacts.options import parse as artifacts_options
from camvid.__main__ import _parser as camvid_parser
from eval.options import parse as eval_options
from flags import FlagParser


@pytest.mark.parametrize("flag", ["--latency-limit", "--latency_limit"])
def test_artifacts_takes_both(flag):
    assert artifacts_options(["promote", "net:v1", flag, "0.5"], None).latency_limit == 0.5


@pytest.mark.parametrize("flag", ["--batch-size=2", "--batch_size=2"])
def test_eval_takes_both(flag):
    assert eval_options(["runs/a", "--data=d", flag, "--eval_factor=0.5"], None).batch_size == 2
    assert eval_options(["compare", "runs/a", "--no_onnx"], None).no_onnx


@pytest.mark.parametrize("flag", ["--per-class", "--per_class"])
def test_subcommands_and_flags_of_parents_take_both(flag):
    shared = FlagParser(add_help=False)
    shared.add_argument("--per-class", metavar="N")
    top = FlagParser()
    top.add_subparsers(dest="command").add_parser("count", parents=[shared])
    assert top.parse_args(["count", flag, "a_b-c"]).per_class == "a_b-c"
    with pytest.raises(SystemExit):
        top.parse_args(["count", "--per__class", "1"])


def test_camvid_s_parser_is_one():
    assert isinstance(camvid_parser(), FlagParser)
