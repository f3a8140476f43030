import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_camvid() -> Path:
    """The real data, SegNet layout, where CAMVID_ROOT or ../shared/camvid beside the checkout has it."""
    root = Path(os.environ.get("CAMVID_ROOT") or Path(__file__).parents[3] / "shared" / "camvid")
    if not (root / "trainannot").is_dir():
        pytest.skip(f"no real CamVid at {root}")
    return root
