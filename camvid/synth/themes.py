"""Kinds of town, as a table: what stands beside the street there, and how busy it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """`plots` weighs what lines the street (names of `plots.PLOTS`); odds are chances from 0 to 1."""

    name: str
    odds: float  # of this theme
    plots: dict[str, float]
    walkers: int  # people on the pavements within sight
    gap: float  # metres between vehicles in a lane
    parked: float  # odds that a parking place is taken
    trees: float  # odds of a street tree at each place for one
    railings: float  # odds of railings along a stretch of kerb
    bend: float  # strongest bend, 1 / metres


THEMES = (
    Theme("high street", 0.3, {"shops": 7, "terrace": 2, "office": 1, "square": 0.5}, 20, 17, 0.6, 0.15, 0.2, 0.0012),
    Theme("centre", 0.2, {"office": 6, "hall": 2, "shops": 3, "park": 1, "square": 1}, 17, 13, 0.4, 0.3, 0.35, 0.0008),
    Theme("suburb", 0.2, {"houses": 7, "terrace": 2, "park": 1, "garden": 2}, 9, 24, 0.7, 0.35, 0.1, 0.0025),
    Theme("park road", 0.15, {"park": 6, "garden": 2, "hall": 1.5, "car park": 1}, 10, 26, 0.3, 0.5, 0.25, 0.003),
    Theme("ring road", 0.15, {"hall": 3, "car park": 3, "park": 2, "office": 2}, 8, 12, 0.3, 0.25, 0.5, 0.002),
)
