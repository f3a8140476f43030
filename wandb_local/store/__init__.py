"""Files on disk: the database, the blobs, the data folder. It does not know runs or artifacts."""
