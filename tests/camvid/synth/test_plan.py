import pytest
from hypothesis import given
from hypothesis import strategies as st

from camvid.synth.plan import plan


@given(frames=st.integers(3, 3000), seed=st.integers(0, 2**40))
def test_sequences_are_whole_and_every_split_has_some(frames, seed):
    shots = plan(frames, seed)
    assert len(shots) == len({shot.name for shot in shots}) == frames
    of_sequence = {shot.name.rsplit("_", 1)[0]: shot.split for shot in shots}
    assert all(of_sequence[shot.name.rsplit("_", 1)[0]] == shot.split for shot in shots)
    assert {shot.split for shot in shots} == {"train", "val", "test"}
    assert len({shot.seed for shot in shots}) == len(of_sequence)


@given(frames=st.integers(30, 3000))
def test_about_three_fifths_train_and_a_fifth_each_validates_and_tests(frames):
    splits = [shot.split for shot in plan(frames, 0)]
    shares = {split: splits.count(split) / frames for split in ("train", "val", "test")}
    assert shares == {
        "train": pytest.approx(0.6, abs=0.06),
        "val": pytest.approx(0.2, abs=0.06),
        "test": pytest.approx(0.2, abs=0.06),
    }


def test_names_are_those_of_video_frames():
    names = [shot.name for shot in plan(12, 0)]
    assert names[:4] == ["SynthA_000030", "SynthA_000060", "SynthA_000090", "SynthB_000030"]
    last = plan(1500, 0)[-1]
    assert last.name.startswith("SynthET_")


def test_too_few_frames_and_a_negative_seed_are_named():
    with pytest.raises(ValueError, match=r"frames must be 3 or more .* got 2"):
        plan(2, 0)
    with pytest.raises(ValueError, match="seed must be 0 or more, got -4"):
        plan(5, -4)
