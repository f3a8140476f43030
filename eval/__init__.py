"""Evaluation of a segmentation model: metrics, edge cases, reports, prediction and latency.

Write ``from eval.metrics import …``, never ``import eval`` (the name would shadow the builtin).
"""
