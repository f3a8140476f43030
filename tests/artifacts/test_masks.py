import numpy as np
import wandb
from PIL import Image

from artifacts.masks import (
    CORRECT,
    ERROR_LABELS,
    HALLUCINATED,
    MISSED,
    OTHER_ERROR,
    class_colors,
    class_labels,
    error_mask,
    evaluation_image,
)
from camvid.taxonomy import IGNORE_INDEX, MAX_CLASSES, load_taxonomy

TAXONOMY = load_taxonomy("camvid11")
NAMES = TAXONOMY.names
ROAD, CAR, PEDESTRIAN = (NAMES.index(name) for name in ("Road", "Car", "Pedestrian"))


def test_error_mask_by_hand():
    truth = np.array([[ROAD, CAR, CAR, ROAD, ROAD, IGNORE_INDEX]], np.uint8)
    pred = np.array([[ROAD, CAR, PEDESTRIAN, CAR, 0, CAR]], np.uint8)
    expected = [CORRECT, CORRECT, MISSED, HALLUCINATED, OTHER_ERROR, IGNORE_INDEX]
    assert error_mask(truth, pred, TAXONOMY.priority).tolist() == [expected]
    assert set(expected) == set(ERROR_LABELS)
    assert not set(ERROR_LABELS) & set(range(MAX_CLASSES))


def test_every_class_of_every_overlay_has_a_colour():
    colors = class_colors(TAXONOMY)
    assert set(colors) == {*class_labels(NAMES).values(), *ERROR_LABELS.values()}
    assert (colors["Road"], colors["correct"]) == ("#804080", "#80808046")


def test_large_frames_shrink_with_their_masks():
    truth = np.full((90, 120), ROAD, np.uint8)
    truth[:45] = CAR
    image = np.full((180, 240, 3), 200, np.uint8)
    picture = evaluation_image(image, truth, truth, NAMES, TAXONOMY.priority, max_side=40)
    artifact = wandb.Artifact("a", "evaluation")
    cell = picture.to_json(artifact)
    assert (cell["width"], cell["height"]) == (40, 30)
    entry = artifact.manifest.entries[cell["masks"]["ground_truth"]["path"]]
    mask = np.asarray(Image.open(entry.local_path or ""))
    assert mask.shape == (30, 40)
    assert (mask[:15] == CAR).all()
    assert (mask[15:] == ROAD).all()
