"""The run's report: one self-contained page that tells what a run found, for people who open no database."""

from warehouse.report.page import REPORT, write_report

__all__ = ["REPORT", "write_report"]
