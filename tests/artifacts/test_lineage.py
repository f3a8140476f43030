"""What a model came from, asked of a real server, printed and drawn."""

from xml.etree import ElementTree

import pytest
import wandb

from artifacts.__main__ import main
from artifacts.drawing import WIDTH, draw_lineage
from artifacts.lineage import Lineage, Node, lineage
from artifacts.run import code_version
from camvid.layouts import content_digest
from tests.artifacts.weighed import log_versions

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning"),  # wandb.sweep warns of itself
    pytest.mark.filterwarnings("ignore:Exception ignored in.*config-:pytest.PytestUnraisableExceptionWarning"),
]  # and wandb.agent leaves the file of its sweep's settings to the garbage collector
SVG = "{http://www.w3.org/2000/svg}"


def words(svg):
    """The texts of a picture."""
    return [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.usefixtures("online")
def test_a_model_of_a_sweep(new_run, dataset, tmp_path, capsys):
    digest = content_digest(dataset)
    search = {
        "method": "random",
        "metric": {"name": "val/miou", "goal": "maximize"},
        "parameters": {"lr": {"value": 1}},
    }
    sweep = wandb.sweep(search, project="roads")
    made = []

    def train():
        made.append(log_versions(new_run, tmp_path, ("swept", {"digest": digest}), dataset=dataset))

    wandb.agent(sweep, train, project="roads", count=1)
    main(["promote", "roads/swept:v0"])
    capsys.readouterr()
    picture = tmp_path / "drawn" / "swept.svg"
    assert main(["lineage", "swept:latest", "--project", "roads", "--out", str(picture)]) == 0
    printed = capsys.readouterr().out
    commit = code_version()["commit"]
    for text in (printed, picture.read_text()):
        assert "swept:v0" in text
        assert "drawn:v0" in text
        assert digest[:12] in text
        assert f"local/roads/{made[0].id}" in text
        assert sweep in text
        assert "random, maximizes val/miou" in text
        assert "promote to production" in text
        assert "accepted" in text
        assert "production" in text
        assert commit is None or str(commit)[:12] in text
    assert str(picture) in printed
    assert words(picture.read_text())[0] == "DATA"


@pytest.mark.usefixtures("online")
def test_settings_from_a_sweep(new_run, tmp_path):
    """A final training is no run of the sweep; it took its best settings."""
    sweep = wandb.sweep({"name": "coarse", "method": "grid", "parameters": {"lr": {"value": 1}}}, project="roads")
    final = {"from_sweep": f"local/roads/{sweep}"}
    log_versions(lambda: new_run(config=final), tmp_path, ("final", {}))
    found = lineage(wandb.Api().artifact("roads/final:v0"))
    (source,) = [node for node in found.sources if node.kind == "sweep"]
    assert (source.name, source.lines[0]) == ("coarse", "its best settings")
    (data,) = [node for node in found.sources if node.kind == "data"]
    assert (data.name, data.lines) == ("roads:v0", ("content d0",))  # as the model's metadata know it


@pytest.mark.usefixtures("online")
def test_a_sweep_that_was_deleted_leaves_its_name(new_run, tmp_path):
    log_versions(lambda: new_run(config={"from_sweep": "local/roads/deleted"}), tmp_path, ("orphan", {}))
    found = lineage(wandb.Api().artifact("roads/orphan:v0"))
    (source,) = [node for node in found.sources if node.kind == "sweep"]
    assert (source.name, source.lines) == ("local/roads/deleted", ("its best settings", "not on the server"))


def test_what_does_not_fit_is_cut_and_escaped():
    long = "<b>" + "x" * 80
    found = Lineage(Node("model", long, ("a & b",)), None, (Node("data", "d:v0"),), (Node("decision", "refused"),))
    svg = draw_lineage(found)
    root = ElementTree.fromstring(svg)
    shown = words(svg)
    assert "a & b" in shown
    (cut,) = [text for text in root.iter(f"{SVG}text") if (text.text or "").startswith("<b>")]
    assert cut.text is not None
    assert cut.text.endswith("…")
    assert cut.findtext(f"{SVG}title") == long
    boxes = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "box"]
    assert len({rect.get("x") for rect in boxes}) == 3
    assert all(float(rect.get("x", 0)) + WIDTH <= float(root.get("width", 0)) for rect in boxes)
    assert len(list(root.iter(f"{SVG}path"))) == 1 + 2  # the tip, an arrow each


def test_any_letters_make_a_picture_and_stay_in_their_box():
    """A reason that was pasted with a terminal's colours, and one in letters twice as wide."""
    wide = "夜間の走行で歩行者を見落とすため、前のモデルに戻す。確認済み。"
    lines = ("\x1b[31mnight\x1b[0m\tdrives", wide, "a" * 37)
    svg = draw_lineage(Lineage(Node("model", "m:v0"), None, (), (Node("decision", "refused", lines),)))
    *_, coloured, cut, whole = words(svg)
    assert coloured == " [31mnight [0m drives"
    assert cut == f"{wide[:18]}…"
    assert whole == lines[2]
