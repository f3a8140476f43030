"""What speaks against a promotion, in words."""

from artifacts.verdict import Floors, below, reasons
from eval.noninferiority import Change


def test_reasons():
    nan = float("nan")
    changes = [
        Change("dice/Car", 0.9, 0.8, -0.15, -0.05, 0.05, "worse"),
        Change("object_f1/Car", 0.9, 0.8, -0.3, 0.1, 0.05, "not enough data", 1234.5, 60),
        Change("dice/Tram", nan, nan, nan, nan, 0.05, "absent"),
        Change("dice/Bus", 0.9, 0.87, -0.04, -0.02, 0.05, "as good"),
        Change("miou", 0.5, 0.51, -float("inf"), float("inf"), 0.02, "not enough data", float("inf"), 12),
        Change("latency_ms", 10, 15, 4, 6, 2.5, "worse"),
    ]
    car = "dice/Car fell by 0.100 [-0.150, -0.050], more than 0.05"
    slow = "latency_ms rose from 10.0 to 15.0, by 50 %, more than 25 %"
    bus = "dice/Bus fell by 0.030 [-0.040, -0.020], not by chance, but not by more than 0.05"
    found = reasons({"m:v1": changes}, ["Car", "Tram", "Bus"])
    assert found.refusals == [car, slow]
    fall = "object_f1/Car fell by 0.100 [-0.300, 0.100], possibly a fall of more than 0.05"
    assert found.open[0] == f"{fall}: about 1300 frames like these 60 would be enough"
    few = "the 12 frames come from too few stretches of drives; more drives or seeds are needed"
    assert found.open[1] == f"miou rose by 0.010 [?], possibly a fall of more than 0.02: {few}"
    assert reasons({"m:v1": changes}, ["Car", "Tram", "Bus"], strict=True).refusals == [car, bus, slow]
    twice = reasons({"m:v1": changes[:1], "m:v0": changes[:1]}, ["Car"])
    assert twice.refusals == [f"{car}, compared with m:v1", f"{car}, compared with m:v0"]
    nothing = "the data has no priority class, so nothing could be judged"
    assert reasons({"m:v1": [changes[2], changes[5]]}, ["Tram"]).refusals == [nothing, slow]


def test_floors():
    scores = {"miou": 0.3, "dice/Car": 0.09, "dice/Tram": None, "dice/Bus": float("nan"), "dice/Road": 0.0}
    assert below(Floors(0.3, 0.1), scores, ["Car", "Tram", "Bus", "Van"]) == [
        "dice/Car is 0.090, below the floor of 0.1"
    ]
