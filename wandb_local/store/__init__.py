"""Files on disk: the database, the blobs, the data folder. It knows nothing of runs or artifacts."""
