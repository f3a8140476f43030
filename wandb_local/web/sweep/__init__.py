"""Pages of sweeps: the list, and one sweep with its controls, charts and runs."""
