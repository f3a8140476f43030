"""HydraNet: one backbone and one decoder, with a light head for each task.

Depth is *canonical*: metres as if the image had been taken with the focal length `focal`, in pixels of the network's
input (Yin et al., "Metric3D", ICCV 2023). An image with the focal length f has metres = canonical * f / focal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from models.backbones import build_backbone, normalisation
from models.network import STRIDE, SegmentationModel, at_size, pad_to_multiple
from models.outputs import TaskOutputs
from models.unet import SubPixelHead, UNetDecoder

Task = Literal["segmentation", "depth"]
TASKS: tuple[Task, ...] = ("segmentation", "depth")
ALONE: tuple[Task, ...] = ("segmentation",)  # what the other architectures do
NEAREST, FARTHEST = 1.0, 80.0  # metres


def build_hydra(
    num_classes: int,
    backbone: str,
    weights: str,
    crp: bool,
    *,
    tasks: Sequence[str] = ALONE,
    depth_min: float = NEAREST,
    depth_max: float = FARTHEST,
    focal: float = math.nan,
    task_weights: str | Mapping[str, float] = "learned",
) -> HydraModel:
    """One UNet decoder over the timm backbone of that name, and a head for each of `tasks`; see `build_model`.

    Multi-task RefineNet (Nekrasov et al., "Real-Time Joint Semantic Segmentation and Depth Estimation Using Asymmetric
    Annotations", ICRA 2019) has the same parts: a shared decoder, with chained residual pooling if `crp`.
    Raises ValueError for tasks or a range of depth that make no sense.
    """
    check_tasks(tasks, depth_min, depth_max)
    network: Any = build_backbone(backbone, weights)
    info = network.feature_info
    decoder = UNetDecoder(info.channels(), crp)
    channels = {"segmentation": num_classes, "depth": 1}
    scale = info.reduction()[0]
    heads = nn.ModuleDict({task: SubPixelHead(decoder.out_channels, channels[task], scale) for task in _chosen(tasks)})
    model = HydraModel(network, decoder, heads, normalisation(backbone))
    model.depth_range = (depth_min, depth_max)
    model.focal.fill_(focal if "depth" in tasks else math.nan)
    learned = task_weights == "learned" and len(heads) > 1
    model.log_variances = nn.Parameter(torch.zeros(len(TASKS))) if learned else None
    return model


def _chosen(tasks: Sequence[str]) -> list[str]:
    return [task for task in TASKS if task in tasks]


def check_tasks(tasks: Sequence[str], depth_min: float, depth_max: float) -> None:
    """Raise ValueError for tasks that are none, unknown or named twice, and for a range of depth that is none."""
    if not tasks or set(tasks) - {*TASKS} or len({*tasks}) < len(tasks):
        raise ValueError(f"tasks: {','.join(tasks) or 'none'} is not allowed; name some of {', '.join(TASKS)}, once")
    if not 0 < depth_min < depth_max < math.inf:
        raise ValueError(
            f"depth_min={depth_min:g} and depth_max={depth_max:g} are not allowed; give metres, 0 < depth_min < "
            "depth_max"
        )


def refuse_tasks(architecture: str, asked: Mapping[str, Any]) -> None:
    """Raise ValueError if an architecture without tasks is asked for what only `build_hydra` takes."""
    plain = {"tasks": ALONE, "depth_min": NEAREST, "depth_max": FARTHEST}
    for key, value in plain.items():
        if (tuple(asked[key]) if key == "tasks" else asked[key]) != value:
            shown = ",".join(asked[key]) if key == "tasks" else f"{asked[key]:g}"
            raise ValueError(
                f"{key}={shown} is not allowed, because {architecture} only does segmentation; use architecture=hydra"
            )


class HydraModel(SegmentationModel):
    """Images (N, 3, H, W) in [0, 1] to `TaskOutputs`, for any H and W.

    Depth is a sigmoid in log space between the ends of `depth_range`: the same change of the head's output is the same
    relative change of depth, near and far.

    Attributes:
        head: the head of each task, by its name.
        depth_range: the smallest and the largest depth, in canonical metres.
        focal: buffer, the focal length of canonical depth in pixels of the network's input; NaN if it is not known.
        log_variances: parameter (2,) by which the losses of segmentation and depth are weighted; None if the weights
            are not learned. It is only for training, and dropped with `drop_auxiliary`.
    """

    focal: Tensor
    head: nn.ModuleDict

    def __init__(
        self, backbone: nn.Module, decoder: nn.Module, head: nn.ModuleDict, stats: tuple[Tensor, Tensor]
    ) -> None:
        """stats: mean and std (1, 3, 1, 1) that the backbone's images are normalised with."""
        super().__init__(backbone, decoder, head, stats)
        self.depth_range = (NEAREST, FARTHEST)
        self.log_variances: nn.Parameter | None = None
        self.register_buffer("focal", torch.tensor(math.nan))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it does."""
        return tuple(self.head)

    def forward(self, images: Tensor) -> TaskOutputs:
        """All tasks. Raises ValueError for a training batch that is too small for batch normalisation."""
        if self.training:
            self.check_batch(len(images), (images.shape[-2], images.shape[-1]))
        found = self._heads(images)
        if self.mirror and not self.training:
            mirrored = self._heads(images.flip(-1))
            found = {task: (value + mirrored[task].flip(-1)) / 2 for task, value in found.items()}
        depth = found["depth"][:, 0].exp().clamp(*self.depth_range) if "depth" in found else None
        return TaskOutputs(found.get("segmentation"), depth, self.log_variances)

    def _heads(self, images: Tensor) -> dict[str, Tensor]:
        """Logits (N, C, H, W) and the logarithm of depth (N, 1, H, W), of the tasks that there are."""
        padded = pad_to_multiple(images, STRIDE)
        (features,) = self._maps(padded)
        found = {task: at_size(head(features), padded, images) for task, head in self.head.items()}
        if "depth" in found:
            found["depth"] = self._log_depth(found["depth"])
        return found

    def _log_depth(self, score: Tensor) -> Tensor:
        low, high = (math.log(end) for end in self.depth_range)
        return low + (high - low) * score.float().sigmoid()  # in float32 under autocast too

    def drop_auxiliary(self) -> None:
        """Remove what is only for training: a model that is saved only predicts."""
        super().drop_auxiliary()
        self.log_variances = None
