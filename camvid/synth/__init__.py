"""Synthetic street scenes in the manner of CamVid, with exact labels in its 32 classes.

`synth` writes a data set in any of the four layouts of CamVid, `draw_scene` draws one scene. How a scene comes about:

- `world` draws from a seed all that stays the same along a sequence: the light (`light`), the cross-section
  (`section`), the street and what stands beside it (`street`, `plots`, `kerbside`), who moves (`traffic`, `passersby`);
- `render` paints one frame through a pinhole camera (`camera`) onto a canvas that holds picture and label in one
  raster (`canvas`): sky (`sky`), ground (`ground`, `markings`), then things (`things`) from far to near;
- what things look like is in `buildings` and `facades`, `plants`, `barriers`, `furniture`, `spans`, `people`, `riders`,
  `vehicles` (shapes in `fleet`);
- `plan` shares frames among sequences and splits, `write` puts them on disk.

Units are metres, seconds, radians and grey levels from 0 to 255.
"""

from camvid.synth.kinds import Kind
from camvid.synth.render import draw_scene
from camvid.synth.write import synth

__all__ = ["Kind", "draw_scene", "synth"]
