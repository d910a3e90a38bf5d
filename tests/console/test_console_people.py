"""People's pages in a real browser: found by what names them, masked until there is a reason, explained."""

import shutil

import duckdb
import pytest
from console_world import serving

from console.security.users import write_user
from warehouse import audit
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

PASSWORD = "correct horse battery"
PARTS = (
    "",
    "/identifiers",
    "/timeline",
    "/why",
    "/tags",
    "/consent",
    "/golden/name",
    "/golden/phone",
    "/golden/address",
)


@pytest.fixture(scope="module")
def person(home):
    return known(home)


@pytest.fixture(scope="module")
def place(home, person, tmp_path_factory):
    """A copy of the published home for these stories, with a few ids that lead elsewhere."""
    own = Home(shutil.copytree(home.path, tmp_path_factory.mktemp("people") / "home", symlinks=True))
    with duckdb.connect(own.snapshot(own.require_published()) / "warehouse.duckdb") as con:
        con.execute("insert into identity.one_id (one_id, status, merged_into) values ('PMERGED000000', 'merged', ?)", [
            person["one_id"]
        ])  # fmt: skip
        con.execute("insert into identity.one_id (one_id, status) values ('PABSENT000000', 'absent')")
    return own


@pytest.fixture(scope="module")
def address(place):
    with serving(place) as found:
        yield found


def vault(home, kind, name):
    return home.vault / home.require_published() / kind / f"{name}.parquet"


def known(home):
    """A person with a name, a phone of their own, an order and many records."""
    with open_warehouse(home) as con:
        found = con.execute(
            """
            select c.one_id, p.value as phone, n.value as name, any_value(o.order_no) as order_no
            from customer.customer_360 as c
            inner join (select * from read_parquet($golden) where field = 'phone') as p using (one_id)
            inner join (select * from read_parquet($golden) where field = 'name') as n using (one_id)
            inner join core.orders as o using (one_id)
            where length(p.value) = 11 and length(n.value) > 1 and not contains(n.value, '*') and p.value not in (
                select i.id_value from read_parquet($identifier) as i
                inner join identity.record_map as m using (record_id, role)
                group by all having count(distinct m.one_id) > 1
            )
            group by c.one_id, c.n_records, phone, name order by c.n_records desc, c.one_id limit 1
            """,
            {
                "golden": str(vault(home, "identity", "golden_value")),
                "identifier": str(vault(home, "touchpoints", "identifier")),
            },
        ).fetchall()
    return dict(zip(("one_id", "phone", "name", "order_no"), found[0], strict=True))


def personal_values(home):
    """Every phone, e-mail, national id and address that any file tells of."""
    with duckdb.connect() as con:
        found = con.execute(
            """
            select id_value from read_parquet($identifier)
            where id_type in ('phone', 'email', 'national_id') and length(id_value) > 6
            union select value from read_parquet($attribute) where name = 'address' and length(value) > 6
            """,
            {
                "identifier": str(vault(home, "touchpoints", "identifier")),
                "attribute": str(vault(home, "touchpoints", "attribute")),
            },
        ).fetchall()
    return [row[0] for row in found]


def find(page, text):
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_load_state("networkidle")


def test_a_person_is_found_by_phone_order_number_and_name_and_what_was_typed_is_kept_nowhere(
    watch, place, person, address
):
    phone = person["phone"]
    seen = watch(address + "/people")
    page = seen.page
    assert page.locator("tbody tr").count() >= 10
    for typed in (f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}", person["order_no"], person["one_id"].lower()):
        find(page, typed)
        assert page.url == f"{address}/people/{person['one_id']}"
        page.goto(address + "/people")
    find(page, person["name"])
    shown = page.locator(f'a[href="/people/{person["one_id"]}"]')
    assert shown.count() == 1 or person["one_id"] in page.url
    page.goto(address + "/people")
    find(page, "13000000001")
    assert page.get_by_role("status").first.is_visible() and page.url == address + "/people"
    assert seen.serious_faults() == []
    trail = (place.path / audit.AUDIT).read_text()
    assert phone not in trail and person["name"] not in trail and person["order_no"] not in trail
    assert [line["n_people"] for line in audit.read(place.path) if line["action"] == "find_person"][:3] == [1, 1, 1]


def test_nothing_personal_is_in_the_clear_before_somebody_gave_a_reason(watch, place, person, address):
    page = watch(address + "/people").page
    links = page.locator("tbody a").evaluate_all("all => all.slice(0, 6).map(one => one.getAttribute('href'))")
    paths = ["/people", "/people?by=latest", *links, *(f"/people/{person['one_id']}{part}" for part in PARTS)]
    text = "".join(page.request.get(address + path).text() for path in paths)
    assert person["one_id"] in text and person["phone"][:3] + "******" + person["phone"][-2:] in text
    assert person["name"] not in text
    assert [value for value in personal_values(place) if value in text] == []


def test_values_are_shown_in_the_clear_once_and_only_with_a_reason_that_the_audit_keeps(watch, place, person, address):
    seen = watch(f"{address}/people/{person['one_id']}", language="en")
    page = seen.page
    before = len(audit.read(place.path))
    page.get_by_label("Why you need it in the clear").fill("x")
    refused = page.request.post(
        f"{page.url}/unmask",
        form={"reason": " x ", "csrf": page.locator("input[name=csrf]").first.input_value()},
    )
    assert refused.status == 422 and person["phone"] not in refused.text()
    assert len(audit.read(place.path)) == before
    page.get_by_label("Why you need it in the clear").fill("She calls to check her address 13812345678")
    page.locator("#unmask button").click()
    assert person["phone"] in page.locator("#who").inner_text() and person["name"] in page.locator("h1").inner_text()
    line = audit.read(place.path)[-1]
    assert (line["action"], line["one_id"]) == ("unmask", person["one_id"])
    assert line["reason"].startswith("She calls") and "13812345678" not in line["reason"]
    page.get_by_role("link", name="Mask them again").click()
    assert person["phone"] not in page.content()


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_who_may_not_see_values_in_the_clear_is_neither_offered_nor_given_them(watch, own_home, person, role):
    write_user(own_home, "anna", role, PASSWORD)
    with serving(own_home) as address:
        page = watch(address + "/sign-in").page
        page.get_by_label("用户名").fill("anna")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.goto(f"{address}/people/{person['one_id']}")
        assert page.locator("#who").is_visible() and page.locator("form#unmask").count() == 0
        assert "查看明文需要的角色" in page.locator("p#unmask").inner_text()
        csrf = page.locator("input[name=csrf]").first.input_value()
        answer = page.request.post(f"{page.url}/unmask", form={"reason": "I am curious", "csrf": csrf})
    assert answer.status == 403 and person["phone"] not in answer.text()
    assert [line for line in audit.read(own_home.path) if line["action"] == "unmask"] == []


def test_the_timeline_is_filtered_and_goes_back_page_by_page(watch, person, address):
    page = watch(f"{address}/people/{person['one_id']}").page
    timeline = page.locator("#timeline-part")
    timeline.wait_for()
    days = timeline.locator(".day").count()
    if timeline.get_by_text("更早").count():
        timeline.get_by_text("更早").click()
        timeline.locator(".day").nth(days).wait_for()
    timeline.locator(".chip", has_text="订单").click()
    page.wait_for_selector("#timeline-part .chip[aria-current]:has-text('订单')")
    kinds = page.locator("#timeline-part .day li").evaluate_all("all => [...new Set(all.map(one => one.className))]")
    assert kinds == ["kind-order"]


@pytest.mark.parametrize(("width", "language", "dark"), [(390, "en", True), (1440, "zh", False)])
def test_a_persons_page_explains_itself_fits_and_is_accessible(watch, person, address, width, language, dark):
    seen = watch(f"{address}/people/{person['one_id']}", width=width, language=language, dark=dark)
    page = seen.page
    graph = page.locator("svg.person-graph")
    graph.wait_for()
    page.wait_for_load_state("networkidle")
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []
    edge = graph.locator("a.edge").first
    row = page.locator(edge.get_attribute("href"))
    edge.dispatch_event("click")
    assert row.is_visible() and row.locator("td").nth(1).inner_text()
    candidates = page.locator("#who a[hx-get]").first
    candidates.click()
    page.locator("#who .candidates .chosen").wait_for()


def test_a_merged_id_leads_on_and_says_so_and_one_that_leads_nowhere_says_why(watch, person, address):
    page = watch(address + "/people").page
    find(page, "pmerged000000")
    assert page.url == address + "/people/PMERGED000000"
    assert f"已并入 {person['one_id']}" in page.get_by_role("status").first.inner_text()
    absent = page.request.get(address + "/people/PABSENT000000")
    unknown = page.request.get(address + "/people/PNOBODY000000")
    assert (absent.status, unknown.status) == (404, 404)
    assert "已不在任何来源文件中" in absent.text() and "没有 OneID PNOBODY000000" in unknown.text()
