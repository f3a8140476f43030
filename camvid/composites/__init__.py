"""Makes a data set from side-by-side composites: pictures with the photo on the left and a coloured label on the right.

The popular Cityscapes pairs are such files: 256x512 JPEG pictures whose labels are only colours, blurred by the
compression.

- `files` finds the pictures, opens them and splits them into their halves.
- `palette` finds the colours of the labels, and groups them to classes by k-means or by the list in `cityscapes`.
- `clean` gives each pixel one of these colours. This undoes what the compression did at edges.
- `convert` writes the data set in layout kaggle, with a taxonomy.yaml. `report` writes what was found.
- `draw` makes composites of synthetic scenes.
"""
