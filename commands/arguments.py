"""The settings that the functions of a training take; a setting and an argument have the same name."""

from __future__ import annotations

LOADER = (  # camvid.loaders.train_loader
    *("augment", "augment_on", "crop_min", "crop_max", "rare_crops"),
    *("batch_size", "seed", "workers", "gpu_cache"),
)
LEARNER = (  # training.build_learner
    *("lr", "weight_decay", "accumulate", "grad_clip", "ema", "channels_last", "compile"),
    *("cuda_graph", "monitor", "patience", "eval_every", "evaluations"),
)
SCHEDULE = ("fit", "epochs", "freeze_epochs", "lr", "backbone_lr_factor", "max_minutes")  # training.fit
