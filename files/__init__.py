"""The ground floor: how files of others are read, by one rule for all packages.

- `pictures`: images as RGB and upright, labels with the values that they store;
- `texts`: text in UTF-8, or in what its byte order mark says;
- `yamls`: YAML that stays as small as it looks.
"""
