"""A model as one file that needs none of this project: written, checked against PyTorch, quantised, and read back.

The classes, their colours, the size at which it predicts and what makes metres of its depth travel in the file as JSON.
"""

from eval.export.check import ExportError, verify
from eval.export.formats import FORMATS, ExportMissing
from eval.export.read import is_exported, load_exported

__all__ = ["FORMATS", "ExportError", "ExportMissing", "is_exported", "load_exported", "verify"]
