"""What the wandb client says on the wire, answered from the records."""
