"""Every setting of a training, with its type, its default, the values allowed and one line of help.

A field's name is the key in a preset, the command-line flag, the key in W&B's config and the name in a sweep.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from configs.messages import closest, describe
from configs.together import check_together
from configs.values import (
    MAX_OBJECT_AREA,
    CommonMistake,
    ConfigError,
    Fraction,
    Loss,
    Monitor,
    Tag,
    Task,
    Weight,
    allowed_project,
    listed,
    some_tasks,
    without_split,
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid", validate_default=True))
class TrainConfig:
    """Flat and frozen: defaults < preset < command line. Sizes are pixels, rates are per step, times are minutes."""

    # What to train on.
    data: str = Field(default="", description="folder of the data set, as it comes from its host")
    dataset: str = Field(default="", description="W&B artifact to train on instead of `data`, e.g. camvid:latest")
    taxonomy: str = Field(
        default="auto",
        description="auto (the data's taxonomy.yaml if it has one, else the classes of its layout), a built-in one "
        "(camvid11, camvid12, camvid32, cityscapes19, bdd19, mapillary65, voc21, virtual_kitti), the path of a "
        "YAML file, or own (the data's taxonomy.yaml)",
    )
    depth_data: str = Field(
        default="",
        description="folder of a second data set that gives depth alone, for a `data` with few depth maps or none",
    )
    depth_dataset: str = Field(default="", description="W&B artifact like camvid-depth:latest instead of `depth_data`")
    split: Literal["official", "drives", "sequence", "random"] = Field(
        default="official",
        description="how frames are divided into splits; drives holds out the last stretch of every drive",
    )
    train_on: Literal["train", "train+val"] = Field(
        default="train",
        description="the splits to train on; with train+val nothing is measured on val, and the last weights are kept",
    )

    # The network.
    architecture: str = Field(
        default="unet",
        description="the network, e.g. unet, segformer or bisenet; the error for an unknown name lists all",
    )
    backbone: str = Field(
        default="resnet34",
        description="any timm backbone; segformer also takes mit_b0 to mit_b2; plain_unet ignores it",
    )
    weights: str = Field(
        default="none",
        description="backbone weights: imagenet, none, a file, or auto (an installed package if there is one, else "
        "none)",
    )
    mirror: bool = Field(
        default=False,
        description="average the predictions for the image and its mirror image: more accurate, in twice the time",
    )
    crp: bool = Field(
        default=False,
        description="add chained residual pooling on every skip connection and at the bottleneck (unet, plain_unet, "
        "hydra)",
    )
    tasks: Annotated[tuple[Task, ...], BeforeValidator(listed), AfterValidator(some_tasks)] = Field(
        default=("segmentation",),
        description="what the network predicts: segmentation, depth, or segmentation,depth as a flag and a list in a "
        "preset; depth needs hydra",
    )
    depth_min: float = Field(default=1.0, gt=0, description="smallest depth that is predicted, in canonical metres")
    depth_max: float = Field(
        default=80.0,
        gt=0,
        description="largest depth that is predicted, in canonical metres: as if the training images had one focal "
        "length",
    )

    # What it sees.
    resize_factor: float = Field(default=0.5, gt=0, le=2, description="training size as a share of the frame's size")
    eval_factor: float = Field(
        default=0.0, ge=0, le=2, description="prediction size as a share of the frame's size; 0 takes resize_factor"
    )
    augment: Literal["none", "flip", "crop", "color", "weather"] = Field(
        default="color", description="augmentation policy"
    )
    augment_on: Literal["auto", "loader", "device"] = Field(
        default="auto",
        description="where augmentation runs; auto takes the device if that is a GPU, but the loader for weather",
    )
    crop_min: float = Field(default=0.25, gt=0, le=1, description="smallest share of a frame's area that a crop shows")
    crop_max: float = Field(
        default=1.0,
        gt=0,
        le=4,
        description="largest share of the area that a crop shows; below 1, details in crops are as large as in "
        "prediction; above 1, frames are also shown smaller, with void beside them: 4 is half the scale",
    )
    rare_crops: Fraction = Field(
        default=0.0,
        description="probability that a crop must show a pixel of a class that is drawn by its rarity: with a "
        "probability proportional to 1 / sqrt(its share of the pixels), among the classes of the frame",
    )
    workers: int = Field(default=-1, ge=-1, le=64, description="loader processes; -1 chooses the number by the machine")
    cache_gb: float = Field(
        default=8.0,
        gt=0,
        description="largest size of the cache of decoded frames on the disk, in GiB; a larger split is decoded as it "
        "is needed",
    )

    gpu_cache: Fraction = Field(
        default=0.25,
        description="largest share of the free GPU memory for the decoded train split, which then needs no loader "
        "process; 0 always uses loader processes",
    )

    # What it minimises.
    loss: Loss = Field(default="ce", description="ce, focal, ohem, boundary, dice, or a sum: {focal: 1.0, dice: 1.0}")
    class_weights: Literal["none", "inverse", "median_frequency", "effective_number"] = Field(
        default="none",
        description="how classes are weighted in all losses but Dice, so that rare classes count more",
    )
    focal_gamma: float = Field(default=2.0, ge=0, le=10, description="focusing exponent of the focal loss")
    ohem_threshold: Fraction = Field(
        default=0.7,
        description="ohem counts pixels whose true class has a probability below this; 0 is bootstrapped cross-entropy",
    )
    ohem_min_kept: float = Field(default=0.0625, gt=0, le=1, description="least share of the pixels that ohem counts")
    boundary_width: int = Field(default=3, ge=1, le=64, description="pixels from a border that boundary counts")
    depth_loss: Loss = Field(default="silog", description="silog, berhu, log_l1, or a sum: {silog: 1.0, log_l1: 1.0}")
    task_weights: Literal["learned"] | dict[Task, Weight] = Field(
        default="learned",
        description="weights of the losses of the tasks: learned (by their uncertainty), or numbers such as "
        "{segmentation: 1.0, depth: 0.5}; a task that is not named has 1",
    )

    # How it learns.
    fit: Literal["one_cycle", "fine_tune", "flat", "poly"] = Field(
        default="one_cycle",
        description="schedule of the learning rate; poly rises for a twentieth of the epochs, and then falls as "
        "(1 - share of the epochs) ** 0.9",
    )
    epochs: int = Field(default=20, ge=1, description="number of passes over the training frames")
    freeze_epochs: int = Field(
        default=1, ge=1, description="number of epochs with a frozen backbone, before the other epochs (fine_tune)"
    )
    lr: float = Field(default=1e-3, gt=0, le=10, description="highest learning rate")
    backbone_lr_factor: Fraction = Field(
        default=0.0,
        description="the backbone's share of lr; 0 takes the default of `fit` (fine_tune 0.01, else 1)",
    )
    weight_decay: Fraction = Field(default=0.01, description="weight decay of AdamW; norms and biases have none")
    batch_size: int = Field(default=8, ge=1, description="number of frames in a batch, over all processes together")
    accumulate: int = Field(
        default=1,
        ge=1,
        description="number of batches whose mean gradient makes one step; a batch counts as one, whatever its void",
    )
    grad_clip: float = Field(default=0.0, ge=0, description="largest norm of the gradient; 0 switches clipping off")
    ema: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="decay of the moving average of the weights, which is evaluated and saved; it spans at most a "
        "quarter of the training; 0 switches it off",
    )
    patience: int = Field(
        default=0, ge=0, description="stop after this many evaluations without a better `monitor`; 0 never stops early"
    )
    max_minutes: float = Field(
        default=0.0,
        ge=0,
        description="time budget in minutes, for all epochs with their evaluations, but not for the start and the "
        "final report; the schedule is shortened to fit; 0 sets no budget",
    )

    # How it is judged.
    monitor: Annotated[Monitor, BeforeValidator(without_split)] = Field(
        default="miou",
        description="validation metric by which the best checkpoint is chosen; its name may begin with val/",
    )
    eval_every: int = Field(
        default=1, ge=1, description="number of epochs between evaluations; the last epoch is always evaluated"
    )
    evaluations: int = Field(
        default=0,
        ge=0,
        description="number of evaluations, at equal shares of the training; with max_minutes at equal shares of the "
        "time, so that early stopping compares fast and slow networks after the same time; 0 evaluates by eval_every",
    )
    threshold: Fraction = Field(
        default=0.5,
        description="an object of a priority class is missed if less than this share of it is found; a predicted "
        "object is false if less than this share of it is correct",
    )
    depth_threshold: float = Field(
        default=0.0,
        ge=0,
        description="a frame is an edge case if the mean relative error of depth on the pixels of a priority class is "
        "above this; 0 switches it off",
    )
    object_area: Annotated[float, Field(ge=0, le=MAX_OBJECT_AREA)] = Field(
        default=6e-4,
        description="smallest object that counts, as a share of the frame's area; smaller regions are ignored",
    )

    # Where and how it runs.
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto takes the GPU if there is one")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto", description="auto takes bf16 if the hardware supports it"
    )
    channels_last: bool = Field(
        default=True,
        description="store images and weights in the memory format channels_last, which is faster in most cases",
    )
    compile: bool = Field(
        default=False, description="compile the network with torch.compile; worth it for long trainings on GPUs"
    )
    cuda_graph: bool = Field(
        default=True,
        description="capture the training step as a CUDA graph, which saves the time to start its kernels one by one; "
        "a CPU has none",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**31, description="seed of the initial weights, the order of the frames, and augmentation"
    )

    # How it is tracked.
    out: str = Field(default="runs", description="folder of the runs; a run writes to <out>/<id>/")
    project: Annotated[str, AfterValidator(allowed_project)] = Field(default="camvid", description="W&B project")
    name: str = Field(default="", description="display name of the run; empty lets W&B choose")
    tags: Annotated[tuple[Tag, ...], BeforeValidator(listed)] = Field(
        default=(), description="tags of the run: a,b as a flag, a list in a preset"
    )
    log_data: Literal["auto", "files", "reference", "none"] = Field(
        default="auto",
        description="what part of `data` and `depth_data` the W&B server gets: files (all files); reference (no "
        "files, but their address, names, class frequencies, pictures of at most 12 frames, and pictures of 101 val "
        "frames in tables); none (name and digest, no pictures); auto (files if the server is on this machine and the "
        "data has at most 2 GiB, else reference)",
    )
    from_sweep: str = Field(
        default="",
        description="sweep ENTITY/PROJECT/ID whose best settings are used, except those that the preset or a flag sets",
    )

    def __post_init__(self) -> None:
        """Checks settings that are allowed alone but not together; raises ConfigError that names them."""
        check_together(self)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, as they stand in a YAML file and in W&B's config."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}

    def to_yaml(self) -> str:
        """The settings as a preset that names every one."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    def pick(self, *names: str) -> dict[str, Any]:
        """Some settings as keyword arguments: a setting has the same name everywhere."""
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_dict(cls, values: dict[str, Any], source: str = "configuration") -> TrainConfig:
        """Checks keys, types and values.

        Args:
            values: settings by name; those not named keep their defaults.
            source: file or place that error messages name.

        Raises:
            ConfigError: for the first bad setting, naming key, value and what is allowed; a `CommonMistake` for a key.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = [key for key in values if key not in names]
        if unknown:
            raise CommonMistake(f"{source}: unknown key {unknown[0]!r}{closest(str(unknown[0]), names)}")
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            raise ConfigError(f"{source}: {describe(error, values)}") from None
