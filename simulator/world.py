"""The simulator's public face: `simulate` builds a world and writes its files and its truth.

    out/landing/<source>/<account>/…   the platforms' export files up to the as-of day, and accounts.yml
    out/daily/<YYYY-MM-DD>/<source>/…  for each extra day the files that the platforms would export that night:
                                       new and changed records only
    out/truth/party.parquet            who is behind each party of the landing files
    out/truth/party_after_daily.parquet  the same once the daily files have been added (with extra days only)
    out/truth/person.parquet           everybody, with flags and true future value
    out/truth/replacement.parquet      when each durable will be replaced, by person and category
    out/truth/commission.parquet       what each payee is due for each order, in cents
    out/truth/campaign.parquet         what each arm of each campaign truly changed
    out/truth/campaign_person.parquet  who was in which arm, what they did, and what they would have done

The world is always simulated beyond the as-of day, so that landing files are the same with and without extra days.
"""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from common.errors import UsageError
from simulator.build import build_world
from simulator.catalogue import POS_ACCOUNTS, POS_FOLDERS
from simulator.contacts import APPIDS
from simulator.model import World
from simulator.rates import MAX_EXTRA_DAYS
from simulator.truth import write_truth
from simulator.writers.after_sales import write_after_sales
from simulator.writers.aliyun_sms import write_aliyun_sms
from simulator.writers.campaigns import write_campaigns
from simulator.writers.counts import write_ad_spend, write_store_traffic
from simulator.writers.encounters import write_qr, write_review, write_store_visits
from simulator.writers.exports import Exports, Period, daily
from simulator.writers.jd import write_jd
from simulator.writers.leads import write_ocean_engine
from simulator.writers.loyalty import write_loyalty
from simulator.writers.oddities import write_oddities
from simulator.writers.partner import write_partner
from simulator.writers.pos import write_pos
from simulator.writers.reference import write_reference
from simulator.writers.referral import write_referral
from simulator.writers.sensors import write_sensors
from simulator.writers.shopify import write_shopify
from simulator.writers.tmall import write_tmall
from simulator.writers.wechat_oa import write_wechat_oa
from simulator.writers.wechatpay import write_wechatpay
from simulator.writers.wecom import write_wecom
from simulator.writers.youzan import write_youzan

Progress = Callable[[int, int, str], None]
Writer = Callable[[World, Exports, Period | None], None]
WRITERS: Final[dict[str, Writer]] = {
    "tmall": write_tmall,
    "jd": write_jd,
    "youzan": write_youzan,
    "pos": write_pos,
    "wechat_oa": write_wechat_oa,
    "wecom": write_wecom,
    "wechatpay": write_wechatpay,
    "aliyun_sms": write_aliyun_sms,
    "after_sales": write_after_sales,
    "shopify": write_shopify,
    "reference": write_reference,
    "partner": write_partner,
    "ad_spend": write_ad_spend,
    "store_traffic": write_store_traffic,
    "loyalty": write_loyalty,
    "referral": write_referral,
    "campaigns": write_campaigns,
    "sensors": write_sensors,
    "qr": write_qr,
    "store_visits": write_store_visits,
    "ocean_engine": write_ocean_engine,
    "review": write_review,
}
# Where people are known from. The others are the brand's lists, what it counts, and what came later.
ORIGINAL: Final = tuple(WRITERS)[:10]
_ACCOUNTS: Final = f"""\
# Whose files these are, where neither the file nor its folder says it.
"wechat_oa/{APPIDS[0]}/*": {{scope: chengyu-open}}
"wechat_oa/{APPIDS[1]}/*": {{scope: chengyu-open}}
"wecom/*": {{scope: chengyu-open}}
"sensors/*": {{scope: chengyu-open}}
"qr/*": {{scope: chengyu-open}}
"pos/{POS_FOLDERS[1]}/*": {{account: {POS_ACCOUNTS[1]}}}
"shopify/*": {{time_zone: America/Los_Angeles}}
"""


@dataclass(frozen=True)
class SimulationReport:
    """What was written."""

    out: Path
    landing: Path
    people: int
    seed: int
    as_of: date
    n_files: int
    n_daily_files: int
    rows: dict[str, int]  # data rows of the landing files by source
    parties: dict[str, int]  # parties of the truth by source
    n_persons: int  # people of the base that the landing files know
    odd_files: list[str]


def simulate(
    people: int,
    seed: int,
    out: Path,
    *,
    as_of: date,
    years: int = 3,
    extra_days: int = 0,
    sources: Collection[str] | None = None,
    progress: Progress | None = None,
) -> SimulationReport:
    """Simulate a brand and write its export files and the truth behind them.

    Args:
        people: people who know the brand by the as-of date, 200 or more.
        seed: the same people, seed, as-of date and years give the same bytes.
        out: the folder to write; `landing`, `daily` and `truth` in it are replaced.
        as_of: the last day that the landing files know.
        years: how long before it they begin.
        extra_days: so many days after it get their daily files, at most 30.
        sources: which of `WRITERS` to write, all of them when left out.
        progress: is called with steps done, all steps, and what is being done.

    Raises:
        UsageError: too few people, years or days out of range, an unknown source.
    """
    _check(people, years, extra_days)
    writers = _chosen(sources)
    say = progress or (lambda done, total, what: None)
    steps = len(writers) + extra_days + 3
    for folder in ("landing", "daily", "truth"):
        shutil.rmtree(out / folder, ignore_errors=True)
    say(0, steps, "building the world")
    world = build_world(people, seed, as_of, years, campaigns="campaigns" in writers)
    landing = Exports(out / "landing", world.span)
    for done, (source, write) in enumerate(writers.items(), start=1):
        say(done, steps, f"writing {source}")
        write(world, landing, None)
    odd = write_oddities(landing)
    (landing.root / "accounts.yml").write_text(_ACCOUNTS, encoding="utf-8")
    n_daily = 0
    for day in range(1, extra_days + 1):
        say(len(writers) + day, steps, f"writing day {day}")
        n_daily += _write_day(world, writers, out, as_of, day)
    say(steps - 2, steps, "writing the truth")
    parties, n_persons = write_truth(world, out / "truth", extra_days, writers)
    say(steps, steps, "done")
    return SimulationReport(
        out=out,
        landing=landing.root,
        people=people,
        seed=seed,
        as_of=as_of,
        n_files=len(landing.files),
        n_daily_files=n_daily,
        rows=landing.rows,
        parties=parties,
        n_persons=n_persons,
        odd_files=odd,
    )


def _chosen(sources: Collection[str] | None) -> dict[str, Writer]:
    """The writers of the sources that are wanted, in their usual order."""
    unknown = sorted(set(sources or ()) - set(WRITERS))
    if unknown:
        raise UsageError(f"no source {unknown[0]} is simulated; there are {', '.join(WRITERS)}.")
    return {name: write for name, write in WRITERS.items() if sources is None or name in sources}


def _write_day(world: World, writers: dict[str, Writer], out: Path, as_of: date, day: int) -> int:
    folder = out / "daily" / (as_of + timedelta(days=day)).isoformat()
    exports = Exports(folder, world.span)
    for write in writers.values():
        write(world, exports, daily(world.span, day))
    return len(exports.files)


def _check(people: int, years: int, extra_days: int) -> None:
    if people < 200:
        raise UsageError(f"{people} people are too few for a world; ask for 200 or more.")
    if not 1 <= years <= 10:
        raise UsageError(f"{years} years cannot be simulated; ask for 1 to 10.")
    if not 0 <= extra_days <= MAX_EXTRA_DAYS:
        raise UsageError(f"{extra_days} extra days are out of range; ask for 0 to {MAX_EXTRA_DAYS}.")
