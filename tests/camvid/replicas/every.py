"""All replicas by their name."""

from tests.camvid.replicas import bdd100k, cityscapes, kitti, mapillary, voc

REPLICAS = cityscapes.REPLICAS | bdd100k.REPLICAS | kitti.REPLICAS | mapillary.REPLICAS | voc.REPLICAS
