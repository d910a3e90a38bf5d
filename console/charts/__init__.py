"""Charts as inline SVG: they take their colours from the page's classes, so they follow light and dark.

Every chart has a text for who cannot see it; none has an inline style, which the security policy forbids.
"""

from console.charts.cells import against_limit, bar, interval, spark, venn
from console.charts.drawing import short
from console.charts.flows import flow
from console.charts.plots import columns, line

__all__ = ["against_limit", "bar", "columns", "flow", "interval", "line", "short", "spark", "venn"]
