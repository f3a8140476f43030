"""Depth and cameras of frames, in the forms in which data sets bring them.

`find_depth` finds out which form lies there. Depth is the distance along the camera's axis in metres, NaN where it is
unknown. Each form is a file here:

- `plain`: `depth/` with `cameras.csv`, beside any layout; `python -m camvid synth --depth` writes it;
- `cityscapes`: `disparity/` with `camera/`;
- `kitti`: `proj_depth/groundtruth/` with `calib_cam_to_cam.txt`;
- `virtual_kitti`: `frames/depth/` with `intrinsic.txt`.
"""

from camvid.depth.cityscapes import find_disparity
from camvid.depth.kitti import find_kitti
from camvid.depth.plain import find_plain
from camvid.depth.source import Depth, DepthSource
from camvid.depth.virtual_kitti import find_virtual
from camvid.layouts.scan import Scan
from files.camera import Camera

FORMS = (find_plain, find_disparity, find_kitti, find_virtual)


def find_depth(scan: Scan) -> DepthSource | None:
    """The depth of a data set; None if it brings none.

    Raises:
        ValueError: there are depth maps, but no cameras, or a list of cameras that cannot be read; the message names
            the file and the fix.
    """
    return next((source for form in FORMS if (source := form(scan))), None)


__all__ = ["Camera", "Depth", "DepthSource", "find_depth"]
