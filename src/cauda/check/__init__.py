"""Checks: what is wrong or odd in an annotation or in a whole dataset, and what to do about it."""

from cauda.check.rules import check, impossible
from cauda.check.whole import DatasetCheck, check_dataset, is_dataset

__all__ = ["DatasetCheck", "check", "check_dataset", "impossible", "is_dataset"]
