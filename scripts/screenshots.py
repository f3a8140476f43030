"""The pictures of the table and of a sweep in docs/, from drawn scenes: make screenshots

It starts a `wandb_local` of its own, trains the demo, runs a small sweep, and opens their pages in the system's
Chromium. With `--keep DIR` the trainings stay in DIR. The next start continues them, or takes only the pictures, in
seconds.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import yaml
from playwright.sync_api import Error, sync_playwright
from tqdm import tqdm

from configs import parse_command_line
from configs.load import preset_path
from scripts.browser import OPTIONS, TIMEOUT, Tab, find_browser
from scripts.reproduce import pinned
from training.processes import Order, run_all
from wandb_local.leases import served
from wandb_local.proxies import bypass
from wandb_local.store.folder import DataFolder

ROOT = Path(__file__).parents[1]


class Plan(NamedTuple):
    """How much is trained: frames and their size, settings for the demo and for configs/sweep_cpu.yaml, and runs."""

    frames: int
    size: tuple[int, int] | None
    demo: tuple[str, ...]
    sweep: tuple[str, ...]
    runs: int


FULL = Plan(
    200, None, ("max_minutes=2.5",), ("resize_factor=0.2", "eval_factor=0.4", "max_minutes=0.2", "epochs=8"), 12
)
TINY = (
    "backbone=mobilenetv3_small_050",
    "weights=none",
    "fit=one_cycle",
    "resize_factor=1",
    "eval_factor=1",
    "epochs=1",
)
QUICK = Plan(24, (96, 128), TINY, TINY, 2)
WIDE = 1280  # CSS pixels of the window for a sweep
WIDTH, HEIGHT, SCALE = 1200, 910, 1.2  # CSS pixels of the window, and pixels of the picture for each of them
VIEW = {"filter": "has(ground_truth, Pedestrian) and dice/Pedestrian < 0.7", "sort": '["dice/Pedestrian"]'}
PROJECT = "camvid"
COLUMNS = ("image", "missed", "dice/Pedestrian")


def train(folder: Path, plan: Plan) -> str:
    """Draws the scenes and trains the demo, unless it was done before. Returns the path of its table.

    Raises:
        ValueError: the training failed, or was started with other settings.
    """
    from camvid.synth import synth

    data = folder / "data"
    if not data.exists():
        synth(data, plan.frames, 0, "segnet", plan.size)
    words = ["--config", "demo", "--data", str(data), "--out", str(folder / "demo"), "--project", PROJECT]
    config, _ = parse_command_line([*words, "--name", "demo", *(f"--{setting}" for setting in plan.demo)])
    (outcome,) = run_all([Order("demo", config.to_yaml())], folder, [sys.executable, str(ROOT / "train.py")])
    if outcome.reason:
        raise ValueError(f"the demo's training failed: {outcome.reason}")
    run = next((folder / "demo").glob("*/model.safetensors")).parent.name
    return f"/local/{PROJECT}/runs/{run}/tables/val/edge_cases?{urlencode(VIEW)}"


def search(folder: Path, plan: Plan) -> str:
    """Makes the sweep and runs its agent to the end, unless it was done before. Returns the path of its page.

    Raises:
        ValueError: the client could not make the sweep, or its agent failed.
    """
    from artifacts.sweep import read_sweep

    made, log = folder / "sweep.id", folder / "agent.log"
    client = [sys.executable, "-m", "wandb"]
    if not made.exists():
        settings = yaml.safe_load(preset_path("sweep_cpu").read_text()) | {"name": "synthetic street scenes"}
        sweep = pinned(settings, [f"out={folder / 'sweep'}", f"run_cap={plan.runs}", *plan.sweep])
        (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep, sort_keys=False))
        words = [*client, "sweep", "--project", PROJECT, str(folder / "sweep.yaml")]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
        if not (found := re.search(r"wandb agent (\S+)", said)):
            raise ValueError(f"no sweep was made: {said[-500:]}")
        made.write_text(found[1])
    path = made.read_text()
    page = "/{}/{}/sweeps/{}".format(*path.split("/"))
    if sum(run.state not in ("pending", "running") for run in read_sweep(path).runs) >= plan.runs:
        return page
    with log.open("a") as out, tqdm(total=plan.runs, desc="sweep", unit="run") as bar:
        with subprocess.Popen([*client, "agent", path], cwd=ROOT, stdout=out, stderr=out) as agent:
            while agent.poll() is None:
                time.sleep(1)
                bar.update(sum(run.state not in ("pending", "running") for run in read_sweep(path).runs) - bar.n)
        bar.update(plan.runs - bar.n)
    if agent.returncode:
        raise ValueError(f"the sweep's agent ended with code {agent.returncode}; its output is in {log}")
    return page


def shoot(url: str, key: str, table: str, sweep: str, out: Path) -> None:
    """Writes table.jpg, row.jpg and sweep.png.

    Raises:
        ValueError: a page had a fault, such as an error in its console.
    """
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=OPTIONS, timeout=TIMEOUT)
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE)
        tab = Tab(context, url, key)
        page = tab.open(table)
        page.click("summary:has-text('Columns')")
        page.click("#table-columns-none")
        for name in COLUMNS:
            page.locator("#table-columns").get_by_text(name, exact=True).click()
        page.click("summary:has-text('Columns')")
        page.wait_for_selector("#table-grid .table-tile span")  # masks too, not pictures alone
        tab.save(out / "table.jpg")
        page.locator("#table-grid .table-thumbs").first.click()
        page.wait_for_selector("#table-panes canvas")
        tab.save(out / "row.jpg")
        page.set_viewport_size({"width": WIDE, "height": 1710})  # all axes, and down to the importance
        tab.open(sweep)
        for part in ("parallel .trace", "overtime .trace", "importance > *", "grid .ag-row"):
            page.wait_for_selector(f"#sweep-{part}", state="attached")  # a state without a run has an empty trace
        tab.save(out / "sweep.png")
        browser.close()
    if tab.faults:
        raise ValueError(f"the pages have faults: {'; '.join(tab.faults)}")


def main() -> int:
    """Exit code 0, or 2 with one line on stderr."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the pictures (default: docs)")
    parser.add_argument("--keep", type=Path, help="folder for what is trained (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="tiny trainings, to see that it works")
    options = parser.parse_args()
    try:
        find_browser()
        with tempfile.TemporaryDirectory(prefix="screenshots-", ignore_cleanup_errors=True) as temporary:
            folder = (options.keep or Path(temporary)).resolve()
            data = DataFolder(folder / "server")
            with served(data) as url:
                _point_at(url, data.api_key, folder)
                plan = QUICK if options.quick else FULL
                pages = train(folder, plan), search(folder, plan)
                shoot(url, data.api_key, *pages, options.out)
    except (ValueError, OSError, Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _point_at(url: str, key: str, folder: Path) -> None:
    """Sets the environment: the client here and in child processes uses this server, and writes only to the folder."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        del os.environ[name]
    (folder / "wandb").mkdir(exist_ok=True)
    for name in ("DIR", "CACHE_DIR", "DATA_DIR", "CONFIG_DIR", "ARTIFACT_DIR"):
        os.environ[f"WANDB_{name}"] = str(folder / "wandb")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # an agent starts trainings with `python`
    os.environ |= {"WANDB_BASE_URL": url, "WANDB_API_KEY": key, "PATH": path, **bypass(os.environ, url)}


if __name__ == "__main__":
    sys.exit(main())
