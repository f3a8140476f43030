"""Names that W&B takes: of artifacts, projects and runs."""

import pytest
import wandb

from artifacts import artifact_name, names_in
from commands.versions_options import parse
from configs import ConfigError, TrainConfig

PROJECTS = ["road scenes", "straße (neu)", "日本", "a" * 128, "camvid", "x&y=1"]


@pytest.mark.parametrize("project", PROJECTS)
def test_the_client_takes_the_artifact_names_of_every_project_that_it_takes(project):
    assert TrainConfig.from_dict({"project": project}).project == project
    wandb.Settings(project=project)
    for name in (*names_in(project, "deeplabv3plus"), artifact_name(f"run-{project}", "-val-evaluation")):
        assert wandb.Artifact(name, type="model").name == name


def test_a_name_that_fits_stays_and_its_ending_is_kept():
    assert names_in("camvid", "unet") == ("camvid", "camvid-unet")
    assert names_in("road scenes", "unet") == ("road_scenes", "road_scenes-unet")
    assert artifact_name("a" * 200, "-unet") == "a" * 123 + "-unet"


@pytest.mark.parametrize(
    "project", ["team/roads", "a\\b", "a#b", "a?b", "50%", "a:b", "a" * 129, "a\nb", "", " ", ".."]
)
def test_projects_that_wandb_refuses_are_refused_by_the_setting(project):
    with pytest.raises(ConfigError, match=r"^configuration: project=.*: give 1 to 128 characters"):
        TrainConfig.from_dict({"project": project})


@pytest.mark.parametrize("changes", [{"project": "team/roads"}, {"resume_id": "a:b"}, {"tags": ["x" * 65]}])
def test_what_the_client_refuses_is_no_fault_of_server_or_key(new_run, tmp_path, changes):
    with pytest.raises(
        ValueError, match=r"^W&B: .*(Invalid project name 'team/roads'|Run ID cannot|Tag 'xxx)"
    ) as error:
        new_run(**changes)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_an_artifact_s_own_name_is_refused_by_its_flag(capsys):
    assert parse(["dataset", "root", "--name=camvid-11"], None).name == "camvid-11"
    with pytest.raises(SystemExit):
        parse(["dataset", "root", "--name=road scenes"], None)
    assert (
        "argument --name: 'road scenes' is not a valid artifact name; use 1 to 128 letters, digits"
        in capsys.readouterr().err
    )
