import json

from identity.scoring.model import load_or_train
from identity.scoring.retail import RETAIL


def never():
    raise AssertionError("nobody asked for training")


def test_a_home_that_has_published_keeps_to_its_model(tmp_path):
    assert load_or_train(tmp_path, never, RETAIL, is_first=False).name == "shipped"
    (tmp_path / "splink-0001.json").write_text(RETAIL.shipped_model.read_text("utf-8"), "utf-8")
    assert load_or_train(tmp_path, never, RETAIL, is_first=False).name == "splink-0001"
    assert load_or_train(tmp_path, never, RETAIL, is_first=True).name == "splink-0001"


def test_the_shipped_model_is_trained_in_full_and_its_weights_point_the_right_way():
    model = json.loads(RETAIL.shipped_model.read_text("utf-8"))
    for comparison in model["comparisons"]:
        levels = [x for x in comparison["comparison_levels"] if not x.get("is_null_level")]
        assert levels[0]["m_probability"] > levels[0]["u_probability"], comparison["output_column_name"]
        assert levels[-1]["m_probability"] < levels[-1]["u_probability"], comparison["output_column_name"]
