"""What importing and building networks leaves out, in a process of its own: other tests here have imported all."""

import subprocess
import sys

import pytest

IMPORTS = """
import sys
import torch
disable = torch.compiler.disable
import models
models.build_model("unet", 3, "resnet18")
models.build_model("unet", 3, "efficientnet_lite0")
print(sorted({"torch._dynamo", "torch._inductor", "wandb"} & {*sys.modules}))
assert torch.compiler.disable is disable
import wandb
from timm.models.naflexvit import NaFlexRopeIterator
from torchvision.ops import roi_align

class Ended:
    _depth_idx = depth = 1

try:
    NaFlexRopeIterator.__next__(Ended())
except StopIteration:
    print("ended", "torch._dynamo" in sys.modules)
boxes = torch.tensor([[0.0, 0.0, 0.0, 2.0, 2.0]])
torch.use_deterministic_algorithms(True)
print(roi_align(torch.ones(1, 1, 4, 4), boxes, 1).item())
"""


@pytest.mark.soak
def test_the_compiler_and_wandb_are_imported_when_they_are_needed():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTS], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "ended True", "1.0"], done.stderr
