"""Value models: P(alive), expected purchases, next purchase and 12-month CLV of each customer.

The public face; the models themselves are in `purchase_process`, `predictions` and `spend`.
"""

from profiles.value_models.config import ValueConfig
from profiles.value_models.errors import ValueModelError
from profiles.value_models.holdout import backtest
from profiles.value_models.plot import calibration_plot
from profiles.value_models.scores import CLV_SCHEMA
from profiles.value_models.scoring import ValueScores, score

__all__ = ["CLV_SCHEMA", "ValueConfig", "ValueModelError", "ValueScores", "backtest", "calibration_plot", "score"]
