"""Cells from what was logged of them: pictures with their masks and boxes, other media, plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from sys import intern
from typing import Any, TypeAlias

from wandb_local.allowance import Allowance
from wandb_local.errors import NotFoundError
from wandb_local.web.table.boxes import Box, read_box_file, read_boxes
from wandb_local.web.table.cells import Attachment, Cell, File, Picture
from wandb_local.web.table.files import Files

_NESTED = {dict, list}
Classes: TypeAlias = dict[str, dict[int, str]]
"""The names of classes by value, of each set."""


class Media:
    """What the cells of a table name: ``files`` are those around it, ``missing`` the paths that are not stored there,
    ``pictures`` all of them. ``classes`` are from the file that a picture names, as older clients write it, for
    ``masks`` and ``boxes``."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.missing: set[str] = set()
        self.pictures: list[Picture] = []
        self.classes: dict[str, Classes] = {}
        self._paths: list[str] = []
        self._places: set[int] = set()  # of the columns that hold more than plain values
        self._lists: dict[str, dict[int, str] | None] = {}

    def row(self, given: Any) -> list[Cell]:
        """The cells of a row."""
        row: list[Cell] = given if isinstance(given, list) else [given]
        for place, value in enumerate(row):
            if type(value) in _NESTED:
                row[place] = self.cell(value)
                self._places.add(place)
        return row

    def cell(self, value: Any) -> Cell:
        """The cell of a value that was logged."""
        if isinstance(value, dict) and isinstance(value.get("_type"), str):
            return self._medium(value)
        if isinstance(value, list) and value and all(map(_is_image, value)):
            return tuple(map(self._picture, value))
        if isinstance(value, list) and value and all(map(_is_attached, value)):
            first, *others = map(self._attachment, value)
            return replace(first, beside=tuple(others))
        plain: Cell = value
        return plain

    def _medium(self, value: Mapping[str, Any]) -> Cell:
        if _is_image(value):
            return (self._picture(value),)
        return self._attachment(value) if _is_attached(value) else value

    def _attachment(self, value: Mapping[str, Any]) -> Attachment:
        return Attachment(value["_type"].removesuffix("-file"), self._file(value["path"]), value["path"])

    def _picture(self, value: Mapping[str, Any]) -> Picture:
        given, caption, path = value.get("masks"), value.get("caption"), str(value.get("path", ""))
        masks = {}
        if given:
            for name, mask in given.items() if isinstance(given, dict) else ():
                if isinstance(mask, dict):
                    masks[intern(name)] = self._file(mask.get("path"))
            if "classes" in value:
                self._note_classes("masks", value)
        picture = Picture(self._file(path), path, masks, caption if isinstance(caption, str) else "")
        if value.get("boxes"):
            boxes = {name: self._boxes(each) for name, each in named(value["boxes"])}
            found, lost = {name: read for name, (read, _) in boxes.items()}, sum(lost for _, lost in boxes.values())
            picture = picture._replace(boxes=found, lost=lost)
            self._note_classes("boxes", value)
        return picture

    def _file(self, path: object) -> File:
        text = path if isinstance(path, str) else str(path)
        self._paths.append(text)
        return File(self.files, text)

    def settle(self, rows: Iterable[list[Cell]]) -> None:
        """Look for the files that the rows name, all at once. Most lie beside the table; the others, behind references
        or nowhere, are put right in the rows."""
        absent = {path: self.files.find(path) for path in self.files.absent(self._paths)}
        self._paths.clear()
        self.missing.update(path for path, file in absent.items() if file is None)

        def settled(file: File | None) -> File | None:
            return absent.get(file.path, file) if file else None

        for row in rows:
            for place in self._places:
                cell = row[place] if place < len(row) else None
                if isinstance(cell, tuple):
                    if absent:
                        row[place] = cell = tuple(_with_files(picture, settled) for picture in cell)
                    self.pictures.extend(cell)
                elif isinstance(cell, Attachment):
                    others = tuple(replace(each, file=settled(each.file)) for each in cell.beside)
                    row[place] = replace(cell, file=settled(cell.file), beside=others)

    def _boxes(self, given: object) -> tuple[tuple[Box, ...], int]:
        if not isinstance(given, dict):
            return read_boxes(given)
        file = self.files.find(given.get("path"))
        try:
            if file:
                return read_box_file(self.files.read(file))
        except NotFoundError:
            pass
        self.missing.add(str(given.get("path")))
        return (), 0

    def _note_classes(self, overlays: str, value: Mapping[str, Any]) -> None:
        if overlays not in self.classes and isinstance(value.get("classes"), dict):
            labels = self._listed(str(value["classes"].get("path")))
            if labels is not None:
                self.classes[overlays] = {name: labels for name, _ in named(value[overlays])}

    def _listed(self, path: str) -> dict[int, str] | None:
        """The classes in a file, which is read once."""
        if path not in self._lists:
            file = self.files.find(path)
            self._lists[path] = read_classes(self.files, file) if file else None
        return self._lists[path]


def read_classes(files: Files, file: File) -> dict[int, str] | None:
    """The names of classes by value in a file ``….classes.json``; None if it is damaged or lost."""
    try:
        listed = Allowance().json(files.read(file))["class_set"]
        return {int(each["id"]): str(each["name"]) for each in listed}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _with_files(picture: Picture, settled: Callable[[File | None], File | None]) -> Picture:
    masks = {name: found for name, file in picture.masks.items() if (found := settled(file))}
    return picture._replace(file=settled(picture.file), masks=masks)


def _is_image(value: object) -> bool:
    return isinstance(value, dict) and value.get("_type") == "image-file"


def _is_attached(value: object) -> bool:
    """Whether this is a medium with a file that is no picture."""
    typed = isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("_type", "path"))
    return typed and not _is_image(value)


def named(overlays: object) -> list[tuple[str, Any]]:
    """The masks or the boxes of a logged image, by the names of their sets."""
    return [(str(name), each) for name, each in overlays.items()] if isinstance(overlays, dict) else []
