"""The public face of `segments`: what the command line, assets and notebooks call.

audiences = load_audiences(home)
with open_published(home) as published:
    preview(published, audiences["silent_high_value"]).reach
    overlap(published, list(audiences.values())).matrix
export_audience(home, "silent_high_value", encoding="gb18030")
"""

from segments.exporting.export import ExportReport, export_audience
from segments.preview import Overlap, Preview, overlap, preview
from segments.published import Published, open_published
from segments.reaching.reach import Reach
from segments.rules.comparisons import Calendar
from segments.rules.library import Shelf, find_audience, load_audiences, survey_audiences
from segments.rules.load import Audience, RuleFault, load_audience

__all__ = [
    "Audience",
    "Calendar",
    "ExportReport",
    "Overlap",
    "Preview",
    "Published",
    "Reach",
    "RuleFault",
    "Shelf",
    "export_audience",
    "find_audience",
    "load_audience",
    "load_audiences",
    "open_published",
    "overlap",
    "preview",
    "survey_audiences",
]
