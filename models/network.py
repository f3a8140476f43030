"""What all models share: normalisation inside, backbone, decoder, head, and logits at the input's size."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 32  # of the deepest feature map; images are padded to multiples of it


class TrainingLogits(NamedTuple):
    """What a model with auxiliary heads returns while it trains; every loss takes it in place of the logits.

    logits: (N, num_classes, H, W). auxiliary: more of them, of the same shape. weight: of each one's loss in the sum,
    which is what train/loss shows; val/loss is that of the logits alone.
    """

    logits: Tensor
    auxiliary: tuple[Tensor, ...]
    weight: float


class SegmentationModel(nn.Module):
    """Images (N, 3, H, W) in [0, 1] to raw logits (N, num_classes, H, W), for any H and W.

    Images are padded to multiples of 32 by repeating their right and bottom edge, so that every level is exactly
    half of the one before; the logits are upsampled bilinearly if the head leaves them smaller, and cropped.

    The decoder takes a list: the normalised image, then the backbone's maps, finest first. It returns one map for the
    head, or a list of that map and one for each auxiliary head. In training mode a model with auxiliary heads returns
    `TrainingLogits`; in eval mode these heads are not computed.

    Attributes:
        mirror: in eval mode, average the logits with those of the mirrored image: better, and twice the time.
        auxiliary_weight: of each auxiliary head's loss.
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
        auxiliary: heads that train with the model and predict nothing, in the order of the decoder's other maps.
        auxiliary_weight: 0.4 is that of PSPNet (Zhao et al., CVPR 2017); a paper that differs says so in its file.
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

    def forward(self, images: Tensor) -> Tensor | TrainingLogits:
        """Logits of images; ValueError for a training batch too small for batch normalisation."""
        if self.training:
            self.check_batch(len(images), (images.shape[-2], images.shape[-1]))
            logits, *auxiliary = self._logits(images, [self.head, *self.auxiliary])
            return TrainingLogits(logits, tuple(auxiliary), self.auxiliary_weight) if auxiliary else logits
        (logits,) = self._logits(images, [self.head])
        if self.mirror:
            logits = (logits + self._logits(images.flip(-1), [self.head])[0].flip(-1)) / 2
        return logits

    def _logits(self, images: Tensor, heads: list[nn.Module]) -> list[Tensor]:
        """The logits of each of the heads, of which `head` is the first, at the size of the images."""
        padded = pad_to_multiple(images, STRIDE)
        normalised = (padded - self.mean) / self.std
        decoded = self.decoder([normalised, *self.backbone(normalised)])
        maps = decoded if isinstance(decoded, list) else [decoded]
        return [_at_size(head(features), padded, images) for head, features in zip(heads, maps, strict=False)]

    def drop_auxiliary(self) -> None:
        """Leave the auxiliary heads behind: what is saved and exported only predicts."""
        self.auxiliary = nn.ModuleList()

    def check_batch(self, count: int, size: tuple[int, int] | None = None) -> None:
        """ValueError for a training batch of so many images, of a known or any size, too small to be normalised."""
        small = size is not None and max(size) <= STRIDE
        if count == 1 and (self.pools_globally or small):
            what = f"{size[0]}x{size[1]} image" if size else "image"
            raise ValueError(
                f"in a training batch of one {what}, batch normalisation has only one value per channel; "
                "use a batch_size of 2 or more and drop the last incomplete batch"
            )


def current_names(tensors: MutableMapping[str, Tensor], own: Iterable[str]) -> None:
    """Rename, in place, what models of smp had saved before: `backbone.model.x` is `backbone.x` now."""
    known = set(own)
    for name in [name for name in tensors if name.startswith("backbone.model.") and name not in known]:
        tensors[name.replace("backbone.model.", "backbone.", 1)] = tensors.pop(name)


def _rename_in_place(model: nn.Module, tensors: MutableMapping[str, Tensor], prefix: str, *_: Any) -> None:
    if not prefix:
        current_names(tensors, model.state_dict())


def _at_size(logits: Tensor, padded: Tensor, images: Tensor) -> Tensor:
    """Upsample logits bilinearly to the size of the padded images, if they are smaller, and crop them."""
    if logits.shape[-2:] != padded.shape[-2:]:
        logits = F.interpolate(logits, size=padded.shape[-2:], mode="bilinear", align_corners=False)
    return logits[..., : images.shape[-2], : images.shape[-1]]


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom edge of images (N, C, H, W) until both sides are multiples of `multiple`."""
    down, right = -images.shape[-2] % multiple, -images.shape[-1] % multiple
    return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images
