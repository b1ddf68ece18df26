"""Fits that meet are trained together."""

__all__: list[str] = []
