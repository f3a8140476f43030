"""The commands, in which the packages meet: evaluation, versions, several trainings, and what is checked before any."""
