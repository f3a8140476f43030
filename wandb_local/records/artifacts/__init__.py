"""Artifact versions: begun, filled with files, committed whole, named by aliases, linked to collections."""
