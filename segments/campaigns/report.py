"""A campaign's report: reach, orders, cost and the increment against the holdout, by arm, channel, store or staff.

What the figures mean is written where they are made, in the models `marts.campaign_*`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import duckdb
import polars as pl

from common.errors import UsageError
from segments.campaigns.plan import load_plans
from segments.published import open_published
from segments.rules.definition import Label

By = Literal["arm", "channel", "store", "staff"]
BREAKDOWNS: Final[tuple[By, ...]] = get_args(By)

_EFFECT: Final = """
    effect.n_holdout, effect.conversion_rate, effect.holdout_conversion_rate,
    CASE WHEN effect.conversion_verdict = 'shown' THEN effect.conversion_uplift END AS conversion_uplift,
    effect.conversion_uplift_low, effect.conversion_uplift_high, effect.conversion_verdict,
    CASE WHEN effect.verdict = 'shown' THEN effect.net_uplift_per_head_cny END AS net_uplift_per_head_cny,
    effect.net_uplift_per_head_low_cny, effect.net_uplift_per_head_high_cny,
    CASE WHEN effect.verdict = 'shown' THEN effect.incremental_net_cny END AS incremental_net_cny,
    effect.incremental_net_low_cny, effect.incremental_net_high_cny, effect.verdict,
    CASE WHEN effect.verdict = 'shown' THEN effect.roi END AS roi, effect.confidence
"""
_COUNTS: Final = "n_people, n_sent, n_delivered, n_clicked, n_orders, n_returned_orders, net_amount_cny, cost_cny"
_OF_ARM: Final = ", ".join(f"told.{name}" for name in _COUNTS.split(", "))
# What spans 0 is not shown: a number would be read as a finding.
_ARMS: Final = f"""
    SELECT told.arm AS value, CAST(NULL AS VARCHAR) AS name, told.is_holdout, {_OF_ARM},
        told.cost_cny / nullif(sum(told.cost_cny) OVER (), 0) AS cost_share, {_EFFECT}
    FROM marts.campaign_arm AS told
    LEFT JOIN marts.campaign_effect AS effect
        ON told.campaign_code = effect.campaign_code AND told.arm = effect.arm
    WHERE told.campaign_code = $code ORDER BY told.is_holdout, told.arm
"""
_BREAKDOWN: Final = f"""
    SELECT effect.breakdown_value AS value, effect.store_name AS name, false AS is_holdout, {_COUNTS}, cost_share,
        {_EFFECT}
    FROM marts.campaign_breakdown AS effect
    WHERE effect.campaign_code = $code AND effect.breakdown = $by
    ORDER BY effect.breakdown_value = 'unknown', effect.n_people DESC, effect.breakdown_value
"""


@dataclass(frozen=True)
class CampaignReport:
    """What the published run knows of a campaign.

    Attributes:
        code: the campaign's.
        label: of its plan; None where the home has none.
        by: what it is split by.
        rows: one row an arm (the holdout among them, last), channel, store or employee: value, name, is_holdout,
            n_people, n_sent, n_delivered, n_clicked, n_orders, n_returned_orders, net_amount_cny, cost_cny, cost_share,
            n_holdout, rates, and the increments with their intervals and verdicts. An estimate is null unless its
            verdict is `shown`: where the interval spans 0 nothing is claimed.
    """

    code: str
    label: Label | None
    by: By
    rows: pl.DataFrame


def campaign_report(home: Path, name: str, by: By = "arm") -> CampaignReport:
    """Reads a campaign's report from the published run.

    Args:
        home: the GUIYI_HOME folder.
        name: a plan's name or code, or the code of a campaign that only the data knows.
        by: what to split it by.

    Raises:
        UsageError: there is no such campaign, nothing is published, or the split is not known.
    """
    if by not in BREAKDOWNS:
        raise UsageError(f"A campaign is not reported by {by!r}; choose one of: {', '.join(BREAKDOWNS)}.")
    plans = load_plans(home)
    plan = plans.get(name) or next((plan for plan in plans.values() if plan.code == name), None)
    code = plan.code if plan is not None else name
    with open_published(home) as published:
        for table in ("marts.campaign_arm", "marts.campaign_effect", "marts.campaign_breakdown"):
            if table not in published.dictionary.tables:
                raise UsageError(
                    f"Run {published.run_id} has no {table}, by which campaigns are measured; run `guiyi run` again."
                )
        if plan is None and not _is_known(published.con, code):
            known = ", ".join(plans) or "none yet"
            raise UsageError(f"There is no campaign {name!r}, planned or measured. Plans of this home: {known}.")
        params = {"code": code} if by == "arm" else {"code": code, "by": by}
        rows = published.con.sql(_ARMS if by == "arm" else _BREAKDOWN, params=params).pl()
    return CampaignReport(code, plan.label if plan is not None else None, by, rows)


def _is_known(con: duckdb.DuckDBPyConnection, code: str) -> bool:
    return bool(con.execute("SELECT 1 FROM marts.campaign_arm WHERE campaign_code = ? LIMIT 1", [code]).fetchall())
