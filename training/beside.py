"""Work that needs no answer, done beside a training."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from fastai.callback.core import Callback
from tqdm import tqdm

PATIENCE = 5.0  # seconds after which one line says what is waited for


class Beside(Callback):
    """A thread that does jobs one after the other, from the first step of a training on.

    The processes of a loader are there by then: one that is forked later would keep the locks that the thread holds.
    The thread ends with the process, so a job that a crash cuts off has to be made up by a resumed training.
    """

    order, run_valid = 99, False

    def __init__(self) -> None:
        self.jobs: list[Callable[[], object]] = []
        self.thread: Thread | None = None
        self.fault: BaseException | None = None

    def add(self, job: Callable[[], object]) -> None:
        """Takes a job, before the training."""
        self.jobs.append(job)

    def after_batch(self) -> None:
        """Begins the jobs after the first step."""
        if self.thread is None and self.jobs:
            self.thread = Thread(target=self._work, daemon=True)
            self.thread.start()

    def finish(self) -> None:
        """Waits until the jobs are done, and raises the error of one that failed; without a step they begin here."""
        self.after_batch()
        if self.thread:
            self.thread.join(PATIENCE)
            if self.thread.is_alive():
                tqdm.write("waiting until the server has the data set; after Ctrl-C, --resume sends it again")
            self.thread.join()
        if self.fault:
            raise self.fault

    def _work(self) -> None:
        try:
            for job in self.jobs:
                job()
        except BaseException as fault:  # noqa: BLE001  (`finish` raises it where it is heard)
            self.fault = fault
