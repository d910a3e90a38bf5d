"""The calibration's picture is a document of its own."""

from xml.etree import ElementTree

import polars as pl
import pytest

from profiles.value_models import calibration_plot
from profiles.value_models.plot import MEASURES

TABLE = pl.DataFrame(
    {
        "decile": range(1, 11),
        **{column: [1.0 / i for i in range(1, 11)] for m in MEASURES.values() for column in m[:2]},
    }
)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("scale", [0.0, 1e-5, 1.0, 123_456.0])
def test_a_picture_is_well_formed_and_fetches_nothing(measure, scale):
    table = TABLE.with_columns(pl.all().exclude("decile") * scale)
    picture = calibration_plot(table, measure)
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg")
    assert len(root.findall(".//{*}circle")) == 11  # ten marks and the legend's
    assert picture.replace("http://www.w3.org/2000/svg", "").count("http") == 0
    heights = [float(e.get("height")) for e in root.findall(".//{*}g/{*}rect")]
    assert min(heights) >= 0
    assert heights == sorted(heights, reverse=True)
