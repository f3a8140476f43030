"""What all models share: normalisation, backbone, decoder, head, and logits at the size of the input."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from models.outputs import TaskOutputs, TrainingLogits

STRIDE = 32  # stride of the deepest feature map; images are padded to multiples of it


class SegmentationModel(nn.Module):
    """Images (N, 3, H, W) in [0, 1] to raw logits (N, num_classes, H, W), for any H and W.

    Images are padded to multiples of 32 by repeating their right and bottom edge, so that every level is exactly
    half of the one before; the logits are upsampled bilinearly if the head leaves them smaller, and cropped.

    The decoder takes a list: the normalised image, then the backbone's maps, finest first. It returns one map for the
    head, or a list of that map and one for each auxiliary head. In training mode a model with auxiliary heads returns
    `TrainingLogits`; in eval mode these heads are not computed.

    Attributes:
        mirror: in eval mode, average the logits with those of the mirrored image: more accurate, in twice the time.
        auxiliary_weight: weight of the loss of each auxiliary head.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        decoder: nn.Module,
        head: nn.Module,
        stats: tuple[Tensor, Tensor],
        pools_globally: bool = False,
        auxiliary: Iterable[nn.Module] = (),
        auxiliary_weight: float = 0.4,
    ) -> None:
        """stats: mean and std (1, 3, 1, 1) that the backbone's images are normalised with.

        pools_globally: some batch normalisation follows global pooling, so training needs more than one image.
        auxiliary: heads that are used only in training, in the order of the decoder's other maps.
        auxiliary_weight: 0.4 is the value of PSPNet (Zhao et al., CVPR 2017). A model's file explains any other value.
        """
        super().__init__()
        self.mirror = False
        self.backbone = backbone
        self.decoder = decoder
        self.head = head
        self.auxiliary = nn.ModuleList(auxiliary)
        self.auxiliary_weight = auxiliary_weight
        self.pools_globally = pools_globally
        self.register_buffer("mean", stats[0])
        self.register_buffer("std", stats[1])
        self.register_load_state_dict_pre_hook(_rename_in_place)  # type: ignore[no-untyped-call]

    def forward(self, images: Tensor) -> Tensor | TrainingLogits | TaskOutputs:
        """Logits of images. Raises ValueError for a training batch that is too small for batch normalisation."""
        if self.training:
            self.check_batch(len(images), (images.shape[-2], images.shape[-1]))
            logits, *auxiliary = self._logits(images, [self.head, *self.auxiliary])
            return TrainingLogits(logits, tuple(auxiliary), self.auxiliary_weight) if auxiliary else logits
        (logits,) = self._logits(images, [self.head])
        if self.mirror:
            logits = (logits + self._logits(images.flip(-1), [self.head])[0].flip(-1)) / 2
        return logits

    def _logits(self, images: Tensor, heads: list[nn.Module]) -> list[Tensor]:
        """The logits of all heads, `head` first, at the size of the images."""
        padded = pad_to_multiple(images, STRIDE)
        maps = self._maps(padded)
        return [at_size(head(features), padded, images) for head, features in zip(heads, maps, strict=False)]

    def _maps(self, padded: Tensor) -> list[Tensor]:
        """What the decoder makes of padded images: the map for the head, then those for the auxiliary heads."""
        normalised = (padded - self.mean) / self.std
        decoded = self.decoder([normalised, *self.backbone(normalised)])
        return decoded if isinstance(decoded, list) else [decoded]

    def drop_auxiliary(self) -> None:
        """Remove the auxiliary heads: a model that is saved or exported only predicts."""
        self.auxiliary = nn.ModuleList()

    def check_batch(self, count: int, size: tuple[int, int] | None = None) -> None:
        """Raise ValueError if a training batch of so many images, of a known or any size, is too small to normalise."""
        small = size is not None and max(size) <= STRIDE
        if count == 1 and (self.pools_globally or small):
            what = f"{size[0]}x{size[1]} image" if size else "image"
            raise ValueError(
                f"in a training batch of one {what}, batch normalisation has only one value per channel; "
                "use a batch_size of 2 or more and drop the last incomplete batch"
            )


def current_names(tensors: MutableMapping[str, Tensor], own: Iterable[str]) -> None:
    """Rename, in place, the parameters of smp's models in earlier versions: `backbone.model.x` to `backbone.x`."""
    known = set(own)
    for name in [name for name in tensors if name.startswith("backbone.model.") and name not in known]:
        tensors[name.replace("backbone.model.", "backbone.", 1)] = tensors.pop(name)


def _rename_in_place(model: nn.Module, tensors: MutableMapping[str, Tensor], prefix: str, *_: Any) -> None:
    if not prefix:
        current_names(tensors, model.state_dict())


def at_size(logits: Tensor, padded: Tensor, images: Tensor) -> Tensor:
    """Upsample logits bilinearly to the size of the padded images, if they are smaller, and crop them."""
    if logits.shape[-2:] != padded.shape[-2:]:
        logits = F.interpolate(logits, size=padded.shape[-2:], mode="bilinear", align_corners=False)
    return logits[..., : images.shape[-2], : images.shape[-1]]


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom edge of images (N, C, H, W) until both sides are multiples of `multiple`."""
    down, right = -images.shape[-2] % multiple, -images.shape[-1] % multiple
    return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images
