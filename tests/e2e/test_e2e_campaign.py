"""A campaign from its list to its report: what a tool tells of it comes back through a whole run."""

import csv
import datetime as dt

import polars as pl
import pytest

from pipelines.run import run_job
from segments.api import campaign_report, export_campaign, open_published, take_results, why
from segments.campaigns.links import read_links

LIST = """\
name: buyers
label: {zh: 买过的人, en: Buyers}
description: {zh: 买过东西、可发短信的人, en: People who bought and may get an SMS}
owner: crm
channel: sms
where: {column: n_orders, gte: 1}
columns: [{column: city}]
"""
PLAN = """\
name: autumn
code: AU-1
label: {zh: 秋季, en: Autumn}
audience: buyers
starts_on: 2026-09-30
ends_on: 2026-10-20
holdout: {share: 0.2}
arms: {A: 0.5, B: 0.5}
cost_per_person_cny: 0.1
link: {base: "https://brand.example/autumn"}
owner: crm
"""
AS_OF = dt.date(2026, 9, 30)  # that of the small world
SENT_AT = dt.datetime(2026, 9, 30, 2)


@pytest.mark.slow
def test_clicks_replies_and_opt_outs_of_a_campaign_come_back_through_a_run(own_home, world, tmp_path):
    for folder, name, text in (("audiences", "buyers", LIST), ("campaigns", "autumn", PLAN)):
        (own_home.path / folder).mkdir(exist_ok=True)
        (own_home.path / folder / f"{name}.yml").write_text(text, encoding="utf-8")
    report = export_campaign(own_home.path, "autumn", at=SENT_AT, requested_by="li", reason="秋季", language="zh")
    assert report.rows > 20 and report.dropped["holdout"] > 0
    numbers = {row["客户编号"]: row["手机号"] for row in csv.DictReader(report.csv.read_text("utf-8-sig").splitlines())}
    links = {row["one_id"]: row for row in read_links(own_home.path, "AU-1").to_dicts()}
    people = sorted(numbers)
    clicked, replied, gone = people[:8], people[8], people[9]
    lines = ["token,手机号,事件,回复内容,时间"]
    lines += [f"{links[one]['token']},,点击,,2026-09-30 12:00:0{n}" for n, one in enumerate(clicked)]
    lines += [f",{numbers[one]},发送成功,,2026-09-30 11:00:00" for one in people]
    lines += [f",{numbers[replied]},,收到 谢谢,2026-09-30 13:00:00", f",{numbers[gone]},,TD,2026-09-30 13:00:01"]
    file = tmp_path / "results.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    taken = take_results(own_home.path, file, at=dt.datetime(2026, 9, 30, 8), campaign="autumn")
    assert taken.refused == {} and taken.events["clicked"] == 8

    landing = tmp_path / "landing"
    landing.mkdir()
    for source in (world / "landing", own_home.landing):
        for path in sorted(source.rglob("*")):
            if path.is_file():
                target = landing / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(path)
    run_job(own_home, landing, AS_OF)

    with open_published(own_home.path) as published:
        leads = published.con.sql(
            "select one_id, subtype, staff_code, store_id from core.events "
            "where type = 'lead_created' and campaign = 'AU-1'"
        ).pl()
        told = {row["one_id"]: row for row in leads.to_dicts()}
        assert sorted(told) == clicked
        for one in clicked:
            assert (told[one]["subtype"], told[one]["staff_code"], told[one]["store_id"]) == (
                links[one]["arm"], links[one]["staff_code"], links[one]["store_code"],
            )  # fmt: skip
        assert why(published, gone, channel="sms").reason == "consent_revoked"
        assert why(published, replied, channel="sms").reason is None
    arms = campaign_report(own_home.path, "autumn").rows
    sent = arms.filter(~pl.col("is_holdout"))
    # A number that identity trusts to nobody, as one that two people share, tells no event of either.
    assert 0.9 * len(people) <= sent["n_delivered"].sum() <= len(people)
    assert sent["n_clicked"].sum() == 8
    assert arms.filter("is_holdout")["n_people"].item() == report.dropped["holdout"]
    by_store = campaign_report(own_home.path, "autumn", by="store").rows
    expected = pl.DataFrame(list(links.values()))["store_code"].fill_null("unknown").value_counts().sort("store_code")
    # The till calls stores by name, the report by code and name.
    found = by_store.select(store_code=pl.coalesce("name", "value"), count="n_people").sort("store_code")
    assert found.rows() == expected.rows()
    assert by_store["n_clicked"].sum() == 8
