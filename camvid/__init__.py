"""Road scenes: taxonomies, layouts on disk, masks, splits, statistics, synthetic scenes.

`camvid.layouts.open_dataset` opens a data set as its host ships it. `camvid.taxonomy.load_taxonomy` loads which
classes its masks hold. On the command line: `python -m camvid --help`.
"""
