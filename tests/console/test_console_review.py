"""The review queue in a real browser: decided by keyboard, kept as the command line keeps it, taken back."""

import csv
import shutil

import pytest
from console_world import serving

from console.security.users import write_user
from identity.keeping.review import read_decisions
from pipelines.cli.app import run
from warehouse import audit
from warehouse.home import Home

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def place(home, tmp_path_factory):
    return Home(shutil.copytree(home.path, tmp_path_factory.mktemp("review") / "home", symlinks=True))


@pytest.fixture(scope="module")
def address(place):
    with serving(place) as found:
        yield found


def test_a_question_is_decided_by_keyboard_and_kept_as_the_command_line_would(watch, place, address, capsys):
    seen = watch(address + "/review")
    page = seen.page
    assert seen.serious_faults() == []
    first = page.locator("tbody small.code").first.inner_text().split()[0]
    page.get_by_role("link", name="开始复核").click()
    page.wait_for_url(f"**/review/{first}")
    page.get_by_label("备注").fill("asked in the shop: different sons")
    page.locator("h1").click()
    page.keyboard.press("d")
    page.wait_for_url(f"**/review/*?after={first}")
    second = page.url.split("/")[-1].split("?")[0]
    assert second != first and "不是同一人" in page.get_by_role("status").first.inner_text()
    kept = read_decisions(place.identity)[-1]
    assert (kept.item_id, kept.decision, kept.note) == (first, "different", "asked in the shop: different sons")
    again = ["review", "decide", first, "different", "--who", kept.who, "--note", kept.note]
    assert run([*again, "--home", str(place.path)]) == 0
    with (place.identity / "decisions.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    without_time = [{name: cell for name, cell in line.items() if name != "at"} for line in lines]
    assert without_time[-1] == without_time[-2]
    told = [line for line in audit.read(place.path) if line["action"] == "decide"][-1]
    assert (told["item"], told["answer"], told["has_note"]) == (first, "different", True)
    assert "sons" not in (place.path / audit.AUDIT).read_text()

    page.keyboard.press("n")
    page.wait_for_url(f"**/review/*?after={second}")
    assert {one.item_id: one.decision for one in read_decisions(place.identity)} == {
        first: "different", second: "not_sure",
    }  # fmt: skip


def test_the_arrows_go_on_and_back_and_a_letter_in_the_note_decides_nothing(watch, place, address):
    page = watch(address + "/review").page
    before = len(read_decisions(place.identity))
    names = [cell.split()[0] for cell in page.locator("tbody small.code").all_inner_texts()[:2]]
    page.goto(f"{address}/review/{names[0]}")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/review/{names[1]}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/review/{names[0]}")
    page.get_by_label("备注").press_sequentially("sdn")
    assert page.url.endswith(names[0]) and len(read_decisions(place.identity)) == before


def test_an_answer_is_changed_and_taken_back(watch, own_home):
    with serving(own_home) as address:
        page = watch(address + "/review").page
        item = page.locator("tbody small.code").first.inner_text().split()[0]
        for key, answer in (("s", "same"), ("d", "different")):
            page.goto(f"{address}/review/{item}")
            page.keyboard.press(key)
            page.wait_for_url(f"**after={item}")
            assert [one.decision for one in read_decisions(own_home.identity)] == [answer]
        page.goto(address + "/review/decisions")
        assert "下次运行生效" in page.locator("tbody").inner_text()
        page.get_by_role("button", name=f"撤回 {item}").click()
        page.wait_for_url(f"**/review/{item}")
        assert read_decisions(own_home.identity) == []
        page.goto(address + "/review")
        assert page.locator("tbody small.code").first.inner_text().split()[0] == item


@pytest.mark.parametrize(("width", "language", "dark"), [(390, "zh", True), (1440, "en", False)])
def test_a_question_shows_both_sides_masked_and_how_the_evidence_adds_up(watch, address, width, language, dark):
    seen = watch(address + "/review", width=width, language=language, dark=dark)
    page = seen.page
    page.locator("tbody a").first.click()
    page.locator("table.sides").wait_for()
    assert seen.serious_faults() == []
    assert not seen.is_wider_than_the_screen()
    weights = [float(cell) for cell in page.locator(".waterfall .number").all_inner_texts()]
    assert abs(sum(weights[:-1]) - weights[-1]) < 0.3  # each is rounded to a tenth
    names = page.locator(".sides tbody tr").first.locator("td").all_inner_texts()
    assert any("*" in name for name in names)


def test_no_fact_is_called_different_that_the_evidence_says_agrees(watch, address):
    """Beside each fact stands what the waterfall below says of it, in its colour."""
    page = watch(address + "/review").page
    links = [link.get_attribute("href") for link in page.locator("tbody a").all()][:6]
    n_compared = 0
    for link in links:
        page.goto(address + link)
        page.locator("table.sides").wait_for()
        below = dict(text.split(" · ", 1) for text in page.locator(".waterfall th").all_inner_texts() if " · " in text)
        for zh, comparison in (
            ("姓名", "姓名"),
            ("手机", "手机号"),
            ("生日", "生日"),
            ("性别", "性别"),
            ("邮箱", "邮箱"),
        ):
            row = page.locator(".sides tbody tr").filter(has=page.locator("th", has_text=zh))
            if row.count() == 0 or "–" in row.locator("td").all_inner_texts():
                continue
            state, said = row.get_attribute("class"), below.get(comparison)
            if said is None:
                assert state == "unknown"
                continue
            n_compared += 1
            is_masked, is_slip = said.startswith("脱敏"), "差一" in said or "同音" in said or "两项" in said
            assert state == ("partly" if is_masked or is_slip else "differ" if said.endswith("不同") else "agree")
            assert row.locator(".compared").count() == 2
    assert n_compared >= 3


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_who_may_not_review_is_told_who_may_and_is_refused(watch, own_home, role):
    write_user(own_home, "anna", role, PASSWORD)
    with serving(own_home) as address:
        page = watch(address + "/sign-in").page
        page.get_by_label("用户名").fill("anna")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.goto(address + "/review")
        assert page.get_by_role("link", name="开始复核").count() == 0
        assert "需要的角色：数据管家或管理员" in page.get_by_role("status").first.inner_text()
        page.locator("tbody a").first.click()
        page.locator("table.sides").wait_for()
        assert page.locator("#deciding").count() == 0
        named = {"viewer": "查看者", "marketer": "营销"}[role]
        told = page.get_by_role("status").filter(has_text=f"您的角色（{named}）").inner_text()
        assert "需要的角色：数据管家或管理员" in told
        person = page.locator(".sides thead a").first.get_attribute("href")
        assert "查看明文需要的角色：数据管家或管理员" in page.request.get(address + person.split("#")[0]).text()
        csrf = page.locator("input[name=csrf]").first.input_value()
        for path in ("", "/withdraw"):
            assert page.request.post(page.url + path, form={"answer": "same", "csrf": csrf}).status == 403
    assert not (own_home.identity / "decisions.csv").exists()
