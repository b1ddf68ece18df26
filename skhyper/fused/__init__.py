"""Fits trained together: joblib's backend "fused" and the trainer behind it."""

from skhyper.fused._backend import FusedBackend

__all__ = ["FusedBackend"]
