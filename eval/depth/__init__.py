"""Depth: metres from what a network predicts, their errors, and what an evaluation keeps of them."""
