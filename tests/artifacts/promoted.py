"""What the tests of promotions share."""

import wandb

from artifacts.__main__ import main


def promote(model, *flags, latency_limit=100):
    """Promotes; how long a pass takes on this machine now matters to one test alone."""
    return main(["promote", f"roads/{model}", f"--latency-limit={latency_limit}", *flags])


def production(name):
    return wandb.Api().artifact(f"roads/{name}:production").version


def decisions(name):
    runs = wandb.Api().runs("roads", {"jobType": "promotion"}, order="+created_at")
    return [run for run in runs if run.config["model"] == name]
