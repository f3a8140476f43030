"""Train, evaluate and track one model: python train.py --config configs/cpu.yaml --data CAMVID --lr 3e-4

It writes runs/<id>/ with model.safetensors, its config, taxonomy, data version and metrics, checkpoints/ and report/.
`--resume runs/<id>` continues a run that was killed. `--seeds 0,1,2` and `--vary` train several models and compare
them. `--help` explains every setting.
"""

from __future__ import annotations

from files.interrupts import advising, end_at_once, run_program

if __name__ == "__main__":
    end_at_once()  # before the imports, which take seconds

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from commands.experiments import end_trial, free_ended_trials, parse_command_line, run_experiments
from configs import TrainConfig


def main(config: TrainConfig, resume: Path | None = None) -> Path:
    """Runs the recipe, or goes on with the run in `resume`; returns its folder. ValueError and OSError name the fix."""
    gc.disable()  # a fifth of the time of these imports would be spent among objects that stay
    import torch  # slow imports come after the settings were checked

    from artifacts import faults_of_all, log_evaluation, log_model, log_preview, names_in
    from artifacts.callback import WandbCallback
    from artifacts.run import start_run, sync_hint, tracked
    from camvid.frames import about_classes, training_frames
    from camvid.loaders import train_loader
    from camvid.preview import write_preview
    from camvid.weights import class_weights
    from commands.arguments import LEARNER, LOADER, SCHEDULE
    from commands.device import bound_threads, resolve_device, resolve_precision
    from commands.run_folder import resume_command, run_folder
    from commands.tasks import NETWORK, training_loss
    from commands.training_data import DATA_VERSION, DEPTH_VERSION, training_data
    from commands.truth import samples_of
    from eval.evaluate import KeptSamples, evaluate, expected_seconds
    from eval.latency import BESIDE, measure_latency
    from eval.writers.report import write_report
    from files.pictures import prediction_size, scaled_size
    from files.whole import write_whole
    from models import build_model, save_model
    from training import build_learner, drop_state, fit, join_team, load_best, resume_from
    from training.beside import Beside
    from training.machine import peak_memory, seed_everything

    gc.enable()
    bound_threads()
    device = resolve_device(config.device)
    where: dict[str, Any] = {"device": device, "precision": resolve_precision(config.precision, device)}
    team = join_team(device)  # one process, or those that `accelerate launch` started
    seed_everything(config.seed + team.rank)
    folder, begun = team.once(lambda: run_folder(config, resume))
    checkpoint = resume_from(folder / "checkpoints") if begun else None
    tracking = config.pick("project", "name", "tags") | {"whole": True, "disabled": not team.leads}
    run = start_run(config.to_dict(), folder=folder, resume_id=folder.name, **tracking)
    last: list[str] = []  # what is printed in the end
    with advising(f"`{resume_command(folder)}` continues the training"), tracked(run, last):
        tracker, beside = WandbCallback(run, checkpoint["history"] if checkpoint else ()), Beside()
        if team.leads:
            write_whole(folder / "config.yaml", config.to_yaml())
            free_ended_trials(run, folder.parent)
        with faults_of_all():
            dataset, second = team.once(lambda: training_data(run, config, beside.add))
        taxonomy, frame_size = dataset.taxonomy, dataset.frame_size("train")
        train_size = scaled_size(frame_size, config.resize_factor)
        size_for = partial(prediction_size, factor=config.eval_factor or config.resize_factor, trained=frame_size)
        kept = {"limit": int(config.cache_gb * 2**30), "depth_data": second, **config.pick("augment", "crop_min")}
        frames = training_frames(dataset, "train", train_size, depth="depth" in config.tasks, **kept)
        sys.stderr.write(frames.cost + about_classes(dataset, frames, limit=kept["limit"]) if team.leads else "")
        share = (team.rank, team.count)
        train = train_loader(frames, size=train_size, device=device, share=share, **config.pick(*LOADER))
        model = build_model(num_classes=taxonomy.num_classes, focal=frames.focal, **config.pick(*NETWORK))
        weights = class_weights(config.class_weights, frames.counts)
        log_preview(run, team.once(lambda: write_preview(folder / "data", train.dataset, taxonomy, weights)))
        loss = training_loss(config, None if weights is None else torch.from_numpy(weights))
        judged = config.train_on == "train"  # else the model knows val
        val = KeptSamples(samples_of(dataset, "val", config.to_dict()))
        scoring = taxonomy.scoring | config.pick("batch_size", "threshold", "object_area", "depth_threshold")
        judge: Callable[..., Any] = partial(evaluate, samples=val, size_for=size_for, **where, **scoring)
        learn = build_learner(
            model,
            train,
            loss,
            (lambda network: judge(network, loss=loss, progress=False).metrics) if judged else None,
            rehearse=lambda network: expected_seconds(partial(judge, progress=False), network, val),
            folder=folder / "checkpoints",
            team=team,
            callbacks=[tracker, beside],
            **where,
            **config.pick(*LEARNER),
        )
        fit(learn, resume=checkpoint, **config.pick(*SCHEDULE))
        if not team.leads:
            return folder
        cost: dict[str, Any] = {"train/minutes": learn.watch.minutes, "train/peak_mb": peak_memory(device)}
        load_best(folder / "checkpoints", model)
        evaluation = judge(model) if judged else None
        cost |= measure_latency(model, size_for(frame_size), seconds=BESIDE, **where)
        metrics, report = {}, f"none for val; on test: python -m eval {folder} --data {dataset.root}"
        if evaluation:
            more: dict[str, Any] = {"colors": taxonomy.colors, "extra": cost, "history": learn.checkpoint.history}
            title, metrics = f"{folder.name}, val split", evaluation.metrics
            report = str(write_report(evaluation, val, folder / "report", title=title, **more))
        with faults_of_all():
            beside.finish()
        data = {**run.config[DATA_VERSION], "frame_size": [*frame_size]}
        data |= {"depth_data": run.config[DEPTH_VERSION]} if second else {}
        origin = {"config": config.to_dict(), "taxonomy": taxonomy.to_dict(), "data": data}
        save_model(folder, model, **origin, metrics=metrics | cost)
        run.summary.update(cost)
        if evaluation:
            log_evaluation(run, evaluation, val, taxonomy, "val")
        logged = log_model(run, folder, names_in(config.project, config.architecture)[1], metrics=metrics)
        last += [f"model:  {folder / 'model.safetensors'}, as {config.project}/{logged.name}", f"report: {report}"]
    drop_state(folder / "checkpoints")
    print(sync_hint(run, "val/edge_cases" if judged else ""))
    return folder


def cli(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one line on stderr for an error that the user can fix; in a sweep see `end_trial`."""
    started: TrainConfig | None = None
    try:
        config, options = parse_command_line(arguments)
        if options.cells:
            return run_experiments(options.cells)
        started = config
        main(config, options.resume and Path(options.resume))
    except (ValueError, OSError) as error:
        if "--debug" in (arguments or sys.argv):
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        if "WANDB_SWEEP_ID" in os.environ:
            return end_trial(error, started)
        return 2
    return 0


if __name__ == "__main__":
    run_program(cli, outlast=True)  # a training does not end because nobody reads its progress
