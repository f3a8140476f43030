"""The stored records: projects, runs and their history, sweeps and their trials, artifacts."""
