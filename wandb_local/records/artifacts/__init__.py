"""Artifact versions: how they are made, uploaded, committed, named by aliases and linked to collections."""
