"""The ground floor: how files are read and written, by one rule for all packages.

- `pictures`: images as RGB and upright, labels with the values that they store;
- `texts`: text in UTF-8, or in what its byte order mark says;
- `yamls`: YAML that stays as small as it looks;
- `whole`: files that appear whole or not at all;
- `jsons`: strict JSON, where what is undefined is null;
- `markdown`: tables as Markdown;
- `headlines`: the figures that stand for an evaluation, which every room names;
- `faults`: what would fail every training of a sweep.
"""
