"""What a name in the labels of one data set is called in another. So one taxonomy fits several data sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from camvid.taxonomy import IGNORE_INDEX, TAXONOMIES, VOID_NAME, Taxonomy, load_taxonomy, original_palette
from files.texts import read_text
from files.yamls import load_yaml

SYNONYMS = Path(__file__).with_name("synonyms.yaml")


def in_words_of(taxonomy: Taxonomy, names: Iterable[str]) -> Taxonomy:
    """The same classes, for labels of these names. A class also collects what its names are called elsewhere.

    Names of other known data sets cannot be in these labels, and are dropped. Unknown names stay, so that a decoder
    refuses them. If the labels have the name of a class and nothing that it collects, this name is the class: they were
    written by these classes.
    """
    listed = dict.fromkeys(names)
    kept = {VOID_NAME, *listed}
    whole = {name for name, group in taxonomy.groups.items() if name in listed and listed.keys().isdisjoint(group)}
    whole -= taxonomy.sources.keys()
    groups = {
        name: [name] if name in whole else [one for one in group if one in kept or one not in known_names()]
        for name, group in taxonomy.groups.items()
    }
    for name in listed:
        index = index_of(taxonomy, name)
        if index != IGNORE_INDEX and name not in whole | taxonomy.sources.keys():
            groups[taxonomy.names[index]].append(name)
    return Taxonomy(taxonomy.name, taxonomy.classes, {name: tuple(group) for name, group in groups.items()})


def index_of(taxonomy: Taxonomy, name: str) -> int:
    """The class that collects a label's name, or what this name is called elsewhere. 255 if there is none."""
    return next((taxonomy.sources[word] for word in _words(name) if word in taxonomy.sources), IGNORE_INDEX)


def class_map(trained: Taxonomy, judging: Taxonomy) -> tuple[int, ...]:
    """For each class of one taxonomy, its counterpart in another one; 255 if there is none or if there are several.

    If a class collects its own name, the counterpart is the class that collects this name. Else it is the only class
    that collects any of the same names.
    """
    return tuple(_meant(trained, name, judging) for name in trained.names)


def _meant(trained: Taxonomy, name: str, judging: Taxonomy) -> int:
    group = trained.groups[name]
    if name in group:
        return index_of(judging, name)
    found = {index_of(judging, source) for source in group} - {IGNORE_INDEX}
    return found.pop() if len(found) == 1 else IGNORE_INDEX


def _words(name: str) -> Iterator[str]:
    """The name, and what it is called elsewhere, the nearest word first.

    The search does not go on from CamVid's words: they are the coarsest.
    """
    yield name
    waiting = list(synonyms().get(name, ()))
    while waiting:
        word = waiting.pop(0)
        waiting += () if word in original_palette() else synonyms().get(word, ())
        yield word


@lru_cache(maxsize=1)
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """For each name, what it is called in other data sets, the best word first."""
    return {name: tuple(words) for name, words in load_yaml(read_text(SYNONYMS)).items()}


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    """All label names in the built-in taxonomies and in the list of synonyms."""
    collected = {source for name in TAXONOMIES for source in load_taxonomy(name).sources}
    return frozenset(collected.union(synonyms(), *synonyms().values()))
