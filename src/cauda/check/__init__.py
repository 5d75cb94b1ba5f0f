"""Checks: what is wrong or odd in an annotation, and what to do about it."""

from cauda.check.rules import check, impossible

__all__ = ["check", "impossible"]
