import datetime as dt
import json
import stat
import threading

import pytest

from common.errors import GuiyiError
from warehouse import audit

AT = dt.datetime(2026, 11, 21, 8, 30)


def test_what_was_recorded_is_read_back_in_order(tmp_path):
    audit.record(tmp_path, "export", who="li", at=AT, rows=3, audience="vip", why={"a": 1})
    audit.record(tmp_path, "unmask", who=None, at=AT + dt.timedelta(hours=1), one_id="P1", fields=["phone"])
    assert audit.read(tmp_path) == [
        {"at": "2026-11-21T08:30:00", "action": "export", "who": "li", "rows": 3, "audience": "vip", "why": {"a": 1}},
        {"at": "2026-11-21T09:30:00", "action": "unmask", "who": None, "one_id": "P1", "fields": ["phone"]},
    ]


def test_a_home_without_a_trail_has_no_lines(tmp_path):
    assert audit.read(tmp_path) == []


def test_the_trail_is_readable_by_its_owner_alone(tmp_path):
    audit.record(tmp_path, "sign_in", who="li", at=AT)
    path = tmp_path / audit.AUDIT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("typed", ["打 13812345678 核实", "see a.b@example.com", "身份证 110101199003071234 核对"])
def test_personal_values_that_people_typed_are_starred(tmp_path, typed):
    audit.record(tmp_path, "unmask", who=typed, at=AT, reason=typed, more=[{"deep": typed}])
    text = (tmp_path / audit.AUDIT).read_text(encoding="utf-8")
    assert "***" in text
    assert not any(part in text for part in ("13812345678", "a.b@example", "110101199003071234"))


def test_a_line_break_in_a_fact_does_not_make_two_lines(tmp_path):
    audit.record(tmp_path, "export", who="li", at=AT, reason='a\n{"action": "forged"}\u2028b')
    assert [line["action"] for line in audit.read(tmp_path)] == ["export"]


def test_lines_written_at_once_stay_whole(tmp_path):
    def write(who):
        for number in range(20):
            audit.record(tmp_path, "export", who=who, at=AT, number=number, padding="x" * 500)

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = audit.read(tmp_path)
    assert sorted((line["who"], line["number"]) for line in found) == [(str(n), i) for n in range(4) for i in range(20)]


def test_a_torn_line_is_told_and_spoils_no_other(tmp_path):
    audit.record(tmp_path, "export", who="li", at=AT)
    path = tmp_path / audit.AUDIT
    path.write_text(path.read_text() + json.dumps({"at": "x"})[:5])
    audit.record(tmp_path, "unmask", who="li", at=AT)
    assert [line["action"] for line in audit.read(tmp_path)] == ["export", "unreadable", "unmask"]


def test_a_trail_that_cannot_be_written_stops_what_it_is_for(tmp_path):
    (tmp_path / audit.AUDIT).mkdir(parents=True)
    with pytest.raises(GuiyiError, match="audit trail"):
        audit.record(tmp_path, "export", who="li", at=AT)
