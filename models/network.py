"""What all models share: normalisation inside, backbone, decoder, head, and logits at the input's size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 32  # of the deepest feature map; images are padded to multiples of it


class SegmentationModel(nn.Module):
    """Images (N, 3, H, W) in [0, 1] to raw logits (N, num_classes, H, W), for any H and W.

    Images are padded to multiples of 32 by repeating their right and bottom edge, so that every level is exactly
    half of the one before; the logits are upsampled bilinearly if the head leaves them smaller, and cropped.

    Attributes:
        mirror: in eval mode, average the logits with those of the mirrored image: better, and twice the time.
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
    ) -> None:
        """stats: mean and std (1, 3, 1, 1) that the backbone's images are normalised with.

        pools_globally: some batch normalisation follows global pooling, so training needs more than one image.
        """
        super().__init__()
        self.mirror = False
        self.backbone = backbone
        self.decoder = decoder
        self.head = head
        self.pools_globally = pools_globally
        self.register_buffer("mean", stats[0])
        self.register_buffer("std", stats[1])

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images; ValueError for a training batch too small for batch normalisation."""
        if self.training:
            self.check_batch(len(images), (images.shape[-2], images.shape[-1]))
        logits = self._logits(images)
        if self.mirror and not self.training:
            logits = (logits + self._logits(images.flip(-1)).flip(-1)) / 2
        return logits

    def _logits(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, STRIDE)
        features = self.backbone((padded - self.mean) / self.std)
        logits: Tensor = self.head(self.decoder(features))
        if logits.shape[-2:] != padded.shape[-2:]:
            logits = F.interpolate(logits, size=padded.shape[-2:], mode="bilinear", align_corners=False)
        return logits[..., :height, :width]

    def check_batch(self, count: int, size: tuple[int, int] | None = None) -> None:
        """ValueError for a training batch of so many images, of a known or any size, too small to be normalised."""
        small = size is not None and max(size) <= STRIDE
        if count == 1 and (self.pools_globally or small):
            what = f"{size[0]}x{size[1]} image" if size else "image"
            raise ValueError(
                f"a training batch of one {what} leaves batch normalisation a single value per "
                "channel; use a batch_size of 2 or more and drop the last incomplete batch"
            )


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom edge of images (N, C, H, W) until both sides are multiples of `multiple`."""
    down, right = -images.shape[-2] % multiple, -images.shape[-1] % multiple
    return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images
