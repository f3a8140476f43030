from eval.samples import KeptSamples, Sample
from tests.eval.drawn import streets

FRAME = 48 * 64 * 4  # bytes of an image and its mask


class Counted(list[Sample]):
    """Samples that note which of them were read."""

    def __init__(self, samples):
        super().__init__(samples)
        self.read = []

    def __getitem__(self, position):
        self.read.append(position)
        return super().__getitem__(position)


def test_samples_that_fit_are_read_once():
    samples = Counted(streets(5))
    kept = KeptSamples(samples, 5 * FRAME)
    for _ in range(3):
        assert [kept[position].name for position in range(len(kept))] == [one.name for one in streets(5)]
    assert samples.read == [0, 1, 2, 3, 4]


def test_of_those_that_do_not_fit_the_first_stay():
    samples = Counted(streets(5))
    kept = KeptSamples(samples, 3 * FRAME + 1)
    for _ in range(2):
        assert [kept[position].name for position in range(5)] == [one.name for one in streets(5)]
    assert samples.read == [0, 1, 2, 3, 4, 3, 4]
    assert sorted(kept.kept) == [0, 1, 2]
