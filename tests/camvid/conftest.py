import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("camvid", deadline=None, max_examples=50)  # a busy machine is no failure
settings.load_profile("camvid")


@pytest.fixture(scope="session")
def real_camvid() -> Path:
    """The real data, SegNet layout, where CAMVID_ROOT or ../shared/camvid beside the checkout has it."""
    root = Path(os.environ.get("CAMVID_ROOT") or Path(__file__).parents[3] / "shared" / "camvid")
    if not (root / "trainannot").is_dir():
        pytest.skip(f"no real CamVid at {root}")
    return root
