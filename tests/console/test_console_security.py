"""Signing in, roles, forged requests, and what browsers are told to refuse."""

import datetime as dt

import pytest
from console_world import serving

from common.errors import UsageError
from console.config import ConsoleConfig, address_of, check_safe
from console.security.headers import HEADERS
from console.security.limits import (
    MOST_FAILURES,
    MOST_OF_ADDRESS,
    MOST_OF_NAME,
    WINDOW,
    SignInLimit,
    keys_of,
)
from console.security.users import check_password, known_user, read_users, remove_user, users_path, write_user
from pipelines.cli.app import run
from warehouse import audit
from warehouse.home import Home

PASSWORD = "correct horse battery"
NOON = dt.datetime(2026, 11, 29, 12)


@pytest.fixture
def guarded(own_home):
    write_user(own_home, "anna", "viewer", PASSWORD)
    with serving(own_home) as address:
        yield address


def sign_in(page, address, name="anna", password=PASSWORD):
    page.goto(address + "/sign-in")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_a_stranger_is_sent_to_sign_in_and_a_user_gets_in(watch, guarded, own_home):
    seen = watch(guarded + "/audit")
    page = seen.page
    assert page.url == guarded + "/sign-in?next=/audit"
    assert seen.serious_faults() == []
    sign_in(page, guarded, password="wrong password")
    assert "不正确" in page.get_by_role("alert").inner_text()
    sign_in(page, guarded)
    assert page.locator("h1").inner_text() == "今日"
    tried = [line["is_successful"] for line in audit.read(own_home.path) if line["action"] == "sign_in"]
    assert tried == [False, True]
    page.get_by_role("button", name="退出").click()
    page.goto(guarded + "/")
    assert "/sign-in" in page.url


def test_a_viewer_is_refused_what_is_not_a_viewers(watch, guarded):
    page = watch(guarded + "/sign-in").page
    sign_in(page, guarded)
    answer = page.request.get(guarded + "/audit")
    assert answer.status == 403
    assert "您的角色（查看者）" in answer.text() and "需要的角色：管理员" in answer.text()
    english = page.request.get(guarded + "/audit", headers={"Accept-Language": "en"}).text()
    assert "Your role (viewer)" in english and "the role admin" in english


def test_five_wrong_passwords_of_one_person_keep_nobody_else_at_that_address_out(watch, guarded, own_home):
    write_user(own_home, "bert", "viewer", PASSWORD)
    page = watch(guarded + "/sign-in").page
    for name in ("anna", "nobody"):  # who does not exist is told the very same
        for _ in range(MOST_FAILURES):
            sign_in(page, guarded, name=name, password="wrong password")
            assert "不正确" in page.get_by_role("alert").inner_text()
        sign_in(page, guarded, name=name)
        assert "输错次数过多，请" in page.get_by_role("alert").inner_text()
    sign_in(page, guarded, name="bert")
    assert page.locator("h1").inner_text() == "今日"


def test_a_removed_user_is_out_with_the_next_click(watch, guarded, own_home):
    write_user(own_home, "bert", "viewer", PASSWORD)
    page = watch(guarded + "/sign-in").page
    sign_in(page, guarded)
    remove_user(own_home, "anna")
    page.goto(guarded + "/")
    assert "/sign-in" in page.url


def test_a_changing_request_without_the_pages_token_is_refused(watch, console):
    page = watch(console).page
    assert page.request.post(console + "/theme", form={"theme": "dark"}).status == 403
    foreign = page.request.post(
        console + "/theme", form={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": "x"}
    )
    assert foreign.status == 403


def test_another_host_name_is_refused_so_that_no_foreign_page_reads_the_console(watch, console):
    page = watch(console).page
    assert page.request.get(console + "/", headers={"Host": "evil.example"}).status == 400


def test_every_answer_carries_the_security_headers_and_pages_are_not_cached(watch, console):
    page = watch(console).page
    for path in ("/", "/nowhere", "/static/app.css"):
        headers = page.request.get(console + path).headers
        assert {name.lower(): headers.get(name.lower()) for name in HEADERS} == {
            name.lower(): value for name, value in HEADERS.items()
        }
    assert page.request.get(console + "/").headers["cache-control"] == "no-store"


def test_a_link_never_leads_to_another_host(watch, console):
    page = watch(console).page
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        page.goto(f"{console}/sign-in?next={target}")
        assert page.url == console + "/"


def test_a_proxy_in_front_names_the_user_and_nobody_else_can(watch, own_home):
    write_user(own_home, "anna", "admin", None)
    with serving(own_home, proxy_header="X-User") as address:
        page = watch(address + "/sign-in").page
        assert "anna" in page.request.get(address + "/", headers={"X-User": "anna"}).text()
        assert page.request.get(address + "/", headers={"X-User": "mallory"}).url.endswith("/sign-in?next=/")
    with serving(own_home, proxy_header="X-User", proxy_addresses=("10.0.0.1",)) as address:
        page = watch(address + "/sign-in").page
        assert page.request.get(address + "/", headers={"X-User": "anna"}).url.endswith("/sign-in?next=/")


def test_what_others_can_reach_needs_users(own_home):
    for beyond in ({"host": "0.0.0.0"}, {"names": ("crm.example",)}, {"proxy_header": "X-User"}):
        with pytest.raises(UsageError, match="guiyi user add"):
            check_safe(ConsoleConfig(**beyond), own_home)
    check_safe(ConsoleConfig(host="127.0.0.1"), own_home)
    write_user(own_home, "anna", "viewer", PASSWORD)
    check_safe(ConsoleConfig(host="0.0.0.0"), own_home)


def test_only_hashes_of_passwords_are_kept_and_only_the_owner_reads_them(own_home):
    write_user(own_home, "anna", "steward", PASSWORD)
    path = users_path(own_home)
    assert PASSWORD not in path.read_text(encoding="utf-8")
    assert "$argon2id$" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert check_password(own_home, "anna", PASSWORD) == known_user(own_home, "anna")
    assert check_password(own_home, "anna", "another one") is None
    assert check_password(own_home, "nobody", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "role", "password", "told"),
    [
        ("anna", "viewer", "short", "at least"),
        ("anna", "boss", PASSWORD, "role"),
        ("an na", "viewer", PASSWORD, "name"),
    ],
)
def test_a_user_that_will_not_do_is_refused_with_a_remedy(own_home, name, role, password, told):
    with pytest.raises(UsageError, match=told):
        write_user(own_home, name, role, password)
    assert read_users(own_home) == {}


def tries(limit, name, address, n, at=NOON):
    return [limit.begin(keys_of(name, address), at) for _ in range(n)]


def test_the_limit_of_failures_forgets_after_its_window():
    limit = SignInLimit()
    assert [wait.seconds for wait in tries(limit, "anna", "office", MOST_FAILURES)] == [0] * MOST_FAILURES
    (refused,) = tries(limit, "Anna", "office", 1, NOON + dt.timedelta(seconds=10))
    assert 0 < refused.seconds <= WINDOW.total_seconds() and not refused.is_of_address
    assert tries(limit, "bert", "office", 1)[0].seconds == tries(limit, "anna", "home", 1)[0].seconds == 0
    assert tries(limit, "anna", "office", 1, NOON + WINDOW + dt.timedelta(seconds=1))[0].seconds == 0


def test_guessing_at_large_is_stopped_for_an_address_and_for_a_name():
    limit = SignInLimit()
    waits = [tries(limit, f"user{n}", "office", 1)[0] for n in range(MOST_OF_ADDRESS + 1)]
    assert [wait.seconds > 0 for wait in waits] == [False] * MOST_OF_ADDRESS + [True] and waits[-1].is_of_address
    waits = [tries(limit, "anna", f"10.0.0.{n}", 1)[0] for n in range(MOST_OF_NAME + 1)]
    assert [wait.seconds > 0 for wait in waits] == [False] * MOST_OF_NAME + [True] and not waits[-1].is_of_address


def test_signing_in_forgets_ones_own_failures_and_none_of_others():
    limit = SignInLimit()
    tries(limit, "mallory", "office", MOST_FAILURES)
    for _ in range(MOST_OF_ADDRESS):
        tries(limit, "anna", "office", 1)
        limit.succeeded(keys_of("anna", "office"))
    assert tries(limit, "mallory", "office", 1)[0].seconds > 0
    assert [wait.seconds for wait in tries(limit, "anna", "office", MOST_FAILURES)] == [0] * MOST_FAILURES


def test_a_home_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="There is no home"):
        check_safe(ConsoleConfig(), Home(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("config", "address"),
    [
        ({}, "http://127.0.0.1:8321/"),
        ({"host": "0.0.0.0", "port": 8380}, "http://till-3:8380/"),
        ({"host": "0.0.0.0", "names": ("crm.example",)}, "http://crm.example:8321/"),
        ({"names": ("crm.example",), "is_https": True}, "https://crm.example/"),
        ({"host": "::1"}, "http://[::1]:8321/"),
    ],
)
def test_the_address_that_is_printed_is_one_to_give_to_others(config, address):
    assert address_of(ConsoleConfig(**config), "till-3") == address


def test_the_machines_own_name_is_answered_where_everybody_may_call():
    name = address_of(ConsoleConfig(host="0.0.0.0")).split("//")[1].split(":")[0]
    assert name in ConsoleConfig(host="0.0.0.0").allowed_names
    assert name not in ConsoleConfig().allowed_names or name == "localhost"


def test_who_serves_beyond_this_machine_is_told_that_tls_belongs_in_front(own_home, monkeypatch, capsys):
    write_user(own_home, "anna", "viewer", PASSWORD)
    monkeypatch.setattr("console.serving.serve", lambda home, config: None)
    told = []
    for more in (["--host", "0.0.0.0"], ["--host", "0.0.0.0", "--https"], []):
        assert run(["console", "--home", str(own_home.path), *more]) == 0
        captured = capsys.readouterr()
        told.append(captured.out + captured.err)
    assert ["TLS" in text for text in told] == [True, False, False]
    assert "0.0.0.0" not in told[0] and "未加密" in told[0] and "not encrypted" in told[0]
