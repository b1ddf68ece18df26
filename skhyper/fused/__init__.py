"""Fits trained together: joblib's backend "fused" and the trainer behind it."""

from skhyper.fused._backend import FusedBackend
from skhyper.fused._over import OverBackend
from skhyper.fused._report import Report, report_in_force

__all__ = ["FusedBackend", "OverBackend", "Report", "report_in_force"]
