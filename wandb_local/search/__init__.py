"""The sweep search engine: pure functions from a sweep's configuration and its runs to the next run or a stop.

    config = validate(yaml.safe_load(text))          # SweepConfigError names the offending key
    args = Search(config, seed).suggest(trials)      # None: the sweep starts no more runs
    indices = stop_early(config, trials)             # running trials that hyperband gives up

Methods: grid, random, bayes. It knows nothing of the server.
"""

from wandb_local.search.config import validate
from wandb_local.search.errors import SweepConfigError
from wandb_local.search.hyperband import stop_early
from wandb_local.search.search import Search
from wandb_local.search.trial import Trial

__all__ = ["Search", "SweepConfigError", "Trial", "stop_early", "validate"]
