"""What is stored and looked up: projects, runs and their history, sweeps and their trials, artifacts."""
