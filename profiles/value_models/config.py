"""Settings of the value models: what a brand may change. No file and no environment is read here."""

from dataclasses import dataclass
from typing import Final

from profiles.value_models.errors import ValueModelError

HORIZON_DAYS: Final = 365
TIERS: Final = ((0.01, "platinum"), (0.05, "gold"), (0.10, "silver"), (0.25, "bronze"), (0.50, "medium"))
LOWEST_TIER: Final = "low"


@dataclass(frozen=True)
class ValueConfig:
    """Settings of the value models.

    Attributes:
        gross_margin: share of net sales that CLV counts; 1.0 gives CLV as sales.
        annual_discount_rate: future margin is discounted by month at this yearly rate.
        shapes: Erlang shapes k that are tried.
        prior_weight: see `purchase_process.fit`.
        min_p_buy: a next-purchase date is published from this P(buy in 365 days) on.
        min_customers: gate, customers with a purchase.
        min_repeat_customers: gate, customers with two purchases or more.
        min_history_days: gate, days from the first purchase to the as-of date.
        max_days_since_purchase: gate, days since the last purchase of all.
        min_season_days: a seasonal index is made from this much history on.
        equity_months: month ends that customer equity is told for.
        has_backtest: measure on a holdout of the newest days as well (about doubles the time).
    """

    gross_margin: float = 0.4
    annual_discount_rate: float = 0.10
    shapes: tuple[int, ...] = (1, 2, 3)
    prior_weight: float = 1.0
    min_p_buy: float = 0.2
    min_customers: int = 500
    min_repeat_customers: int = 100
    min_history_days: int = 180
    max_days_since_purchase: int = 30
    min_season_days: int = 730
    equity_months: int = 36
    has_backtest: bool = True

    def __post_init__(self) -> None:
        """Raises ValueModelError when a setting makes no sense."""
        if not 0.0 < self.gross_margin <= 1.0:
            raise ValueModelError(f"gross_margin = {self.gross_margin} is no share; use 0 < share <= 1.")
        if not 0.0 <= self.annual_discount_rate < 1.0:
            raise ValueModelError(f"annual_discount_rate = {self.annual_discount_rate}; use 0 <= rate < 1.")
        if not self.shapes or not set(self.shapes) <= {1, 2, 3}:
            raise ValueModelError(f"shapes = {self.shapes}; use one or more of 1, 2, 3.")
        if self.prior_weight < 0:
            raise ValueModelError(f"prior_weight = {self.prior_weight}; use 0 or more.")
