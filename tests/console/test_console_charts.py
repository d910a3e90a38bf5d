import pytest

from console import charts


@pytest.mark.parametrize(
    ("value", "lang", "written"),
    [(1_200, "en", "1.2k"), (1_200, "zh", "1,200"), (30_000, "zh", "3万"), (3.4e8, "zh", "3.4亿"), (2e9, "en", "2bn")],
)
def test_an_axis_counts_as_its_reader_does(value, lang, written):
    assert charts.short(value, lang) == written
