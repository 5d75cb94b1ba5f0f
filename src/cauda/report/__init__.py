"""Reports: one offline HTML page about a model, with figures that need no graphics hardware."""

from cauda.report.page import report

__all__ = ["report"]
