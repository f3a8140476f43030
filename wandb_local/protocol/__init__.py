"""The requests of the wandb client, answered from the records."""
