"""Signing in, roles, forged requests, and what browsers are told to refuse."""

import datetime as dt

import pytest
from console_world import serving

from common.errors import UsageError
from console.config import ConsoleConfig, check_safe
from console.security.headers import HEADERS
from console.security.limits import MOST_FAILURES, WINDOW, SignInLimit
from console.security.users import check_password, known_user, read_users, remove_user, users_path, write_user
from warehouse import audit

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
    assert "viewer" in answer.text()


def test_five_wrong_passwords_close_the_door_for_a_while(watch, guarded):
    page = watch(guarded + "/sign-in").page
    for _ in range(MOST_FAILURES):
        sign_in(page, guarded, password="wrong password")
    sign_in(page, guarded)
    assert "请稍后再试" in page.get_by_role("alert").inner_text()


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


def test_the_limit_of_failures_forgets_after_its_window():
    limit, keys = SignInLimit(), ("name anna",)
    for n in range(MOST_FAILURES):
        assert limit.wait(keys, NOON + dt.timedelta(seconds=n)) == 0
        limit.failed(keys, NOON + dt.timedelta(seconds=n))
    assert 0 < limit.wait(keys, NOON + dt.timedelta(seconds=10)) <= WINDOW.total_seconds()
    assert limit.wait(("name bert",), NOON) == 0
    assert limit.wait(keys, NOON + WINDOW + dt.timedelta(seconds=1)) == 0
