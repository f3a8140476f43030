import os
from pathlib import Path

import pytest

from tests.eval.drawn import ColorModel


@pytest.fixture
def model() -> ColorModel:
    return ColorModel()


@pytest.fixture(scope="session")
def camvid_root() -> Path:
    """The real CamVid, where it is there."""
    root = Path(os.environ.get("CAMVID_ROOT", Path(__file__).parents[2].parent / "shared" / "camvid"))
    if not root.is_dir():
        pytest.skip("the real CamVid is not on this machine")
    return root
