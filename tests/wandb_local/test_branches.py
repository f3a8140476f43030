"""Forks of runs, and runs that are taken back."""

import numpy as np
import pytest
import wandb

from tests.wandb_local.test_runs import read

pytestmark = pytest.mark.usefixtures("server")


def test_rewind_drops_what_came_after(project):
    with wandb.init(project=project, id="rewound") as run:
        for step in range(10):
            run.log({"a": step, "early": 1} if step < 3 else {"a": step})
    with wandb.init(project=project, resume_from="rewound?_step=4") as run:
        run.log({"b": 100})
    assert [row.get("a") for row in read(project, "rewound").scan_history()] == [0, 1, 2, 3, 4, None]
    summary = read(project, "rewound").summary
    assert (summary["a"], summary["early"], summary["b"]) == (4, 1, 100)


def test_a_fork_begins_with_the_rows_of_its_source(project):
    with wandb.init(project=project, id="source") as run:
        for step in range(6):
            run.log({"a": step})
    with wandb.init(project=project, id="fork", fork_from="source?_step=3") as run:
        run.log({"a": 100})
        run.log({"a": 101})
    found = read(project, "fork")
    assert [(row["_step"], row["a"]) for row in found.scan_history()] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 100),
        (5, 101),
    ]
    assert [row["a"] for row in read(project, "source").scan_history()] == list(range(6))


@pytest.mark.parametrize("step", [2, 6])
def test_a_fork_has_the_summary_and_the_files_of_its_source(project, step, tmp_path):
    with wandb.init(project=project, id="source") as run:
        for number in range(6):
            run.log({"a": number, "early": 1} if number < 2 else {"a": number})
        run.log({"image": wandb.Image(np.zeros((4, 4))), "late": 1})
        run.summary["set"] = "by hand"
        for name in ("own.txt", "diff.patch"):
            (tmp_path / name).write_text(name)
            run.save(str(tmp_path / name), base_path=str(tmp_path))
    for _ in range(1 + (step == 2)):  # started anew, it is a fork again
        with wandb.init(project=project, id="fork", fork_from=f"source?_step={step}") as run:
            run.log({"own": 1})
    found = read(project, "fork")
    kept = {"a": min(step, 5), "early": 1, "set": "by hand", "own": 1}
    assert {key: found.summary.get(key) for key in kept} == kept
    assert ("late" in found.summary, "image" in found.summary) == (step == 6, step == 6)
    assert [row["_step"] for row in found.scan_history()] == list(range(step + 2))
    files = {file.name: file for file in found.files()}
    (image,) = (file for name, file in files.items() if name.startswith("media/images/image"))
    image.download(root=str(tmp_path)).close()
    assert "own.txt" in files
    assert "diff.patch" not in files  # what belongs to the process that the source was
