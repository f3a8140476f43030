"""What a network learns beside segmentation: whether its settings and data go together, and its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs import TrainConfig

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import Tensor, nn

OF_DEPTH = ("depth_min", "depth_max", "depth_loss", "depth_data", "depth_dataset", "depth_threshold", "task_weights")
OF_LOSSES = ("focal_gamma", "ohem_threshold", "ohem_min_kept", "boundary_width")
OF_TASKS = ("tasks", "depth_min", "depth_max", "task_weights")
NETWORK = ("architecture", "backbone", "weights", "crp", "mirror", *OF_TASKS)  # what `models.build_model` takes


def training_loss(config: TrainConfig, class_weights: Tensor | None = None) -> nn.Module:
    """What a training minimises: a loss of logits, or of all outputs if the network has tasks.

    Raises ValueError for a loss or a weight that is not allowed.
    """
    from losses import TaskLoss, build_depth_loss, build_loss

    segmentation = build_loss(config.loss, class_weights, **config.pick(*OF_LOSSES))
    depth = build_depth_loss(**config.pick("depth_loss", "depth_min", "depth_max"))
    return TaskLoss(segmentation, depth, config.task_weights) if config.architecture == "hydra" else segmentation


def check_tasks(config: TrainConfig) -> None:
    """Check the settings of the tasks with each other.

    Raises:
        ValueError: naming the settings.
    """
    shown = f"tasks={','.join(config.tasks)}"
    if len({*config.tasks}) < len(config.tasks):
        raise ValueError(f"{shown} names a task twice; name each once")
    needed = "depth" if config.monitor.startswith("depth/") else "segmentation"
    if needed not in config.tasks and config.train_on == "train":  # else nothing is monitored
        fix = f"{shown},depth" if needed == "depth" else "monitor=depth/abs_rel"
        raise ValueError(f"monitor={config.monitor} is not measured, because {shown} leaves out {needed}; set {fix}")
    default, given = vars(TrainConfig()), vars(config)
    way = f"{'' if config.architecture == 'hydra' else 'architecture=hydra and '}{shown},depth"
    for key in OF_DEPTH:
        if given[key] != default[key] and "depth" not in config.tasks:
            raise ValueError(f"{key}={given[key]} has no effect with {shown}; set {way}")
