"""Side-by-side composites, photo left and coloured label right, as a data set that the rest of the project reads.

The popular Cityscapes pairs are such files: 256x512 JPEG pictures whose labels are only colours, blurred by the
compression. How a data set comes of them:

- `files` finds the pictures, opens them and takes their halves;
- `palette` finds the colours that the labels are made of, and groups them to classes by k-means or by the list in
  `cityscapes`;
- `clean` gives every pixel one of these colours, undoing what the compression did at edges;
- `convert` writes the data set, in layout kaggle with its own taxonomy.yaml, and `report` what was found;
- `draw` makes composites of synthetic scenes.
"""
