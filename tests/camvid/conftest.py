import os
from pathlib import Path

import pytest

from camvid.layouts import open_dataset
from tests.drawings import synth_once


@pytest.fixture(scope="session")
def real_camvid() -> Path:
    """The real data, SegNet layout, where CAMVID_ROOT or ../shared/camvid beside the checkout has it."""
    root = Path(os.environ.get("CAMVID_ROOT") or Path(__file__).parents[3] / "shared" / "camvid")
    if not (root / "trainannot").is_dir():
        pytest.skip(f"no real CamVid at {root}")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=12, seed=5, layout="segnet", size=(64, 96))
    return folder


@pytest.fixture
def dataset(root):
    return open_dataset(root)
