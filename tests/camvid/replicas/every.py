"""All replicas by their name."""

from tests.camvid.replicas import bdd100k, cityscapes, kitti, kitti_depth, mapillary, measured, virtual_kitti, voc

REPLICAS = (
    cityscapes.REPLICAS | bdd100k.REPLICAS | kitti.REPLICAS | mapillary.REPLICAS | voc.REPLICAS | virtual_kitti.REPLICAS
)
UNLABELLED = {"kitti depth": kitti_depth.REPLICA, "depth alone": measured.REPLICA}  # their masks are void
