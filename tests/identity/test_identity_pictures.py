from xml.etree import ElementTree

from identity.showing.explain import End, Step
from identity.showing.graphs import summarised
from identity.showing.pictures import person_graph, waterfall
from identity.showing.svg import shortened, text_width


def end(n, source="jd", kind="order", role="receiver"):
    return End(f"r{n}", role, source, kind, str(n))


def step(a, b, weight=None, *, is_bridge=False, n_cut_off=0, weights=None):
    kind, rule = ("sure", "phone") if weight is None else ("scored", "splink")
    told = {"weights": weights} if weights else {}
    return Step(a, b, kind, rule, weight, "same <phone>", "手机号相同", is_bridge, n_cut_off, **told)


def texts(svg):
    return [e.text for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")]


def test_a_waterfall_starts_from_chance_and_ends_at_the_match_weight():
    shown = texts(waterfall([step(end(1), end(2), 7.5, weights={"name": (4, 8.5), "address": (4, 9.0)})], "why"))
    assert [t for t in shown if t[0] in "+-" and "." in t] == ["-10.0", "+8.5", "+9.0", "+7.5"]
    assert "合计 match weight, p = 0.995" in shown


def test_two_people_make_a_picture_that_says_so():
    assert any("two people" in text for text in texts(waterfall([], "why")))


def test_alike_records_on_one_party_are_one_bubble_and_a_weak_bridge_is_told_below():
    messages = [step(end(0, "pos"), end(n, "aliyun_sms", "message", "contact")) for n in range(1, 6)]
    weak = step(end(0, "pos"), end(9), 5.0, is_bridge=True, n_cut_off=1)
    shown = texts(person_graph([*messages, weak], "why"))
    assert "5×" in shown
    assert any(text.startswith("▲") and "1 would fall off" in text for text in shown)
    assert {"aliyun_sms", "jd", "pos"} <= set(shown)


def test_the_same_person_is_drawn_alike_every_time():
    steps = [step(end(a), end(b), 9.0) for a, b in ((1, 2), (2, 3), (3, 1), (3, 4))]
    assert person_graph(steps, "why") == person_graph(steps, "why")


def test_a_person_of_very_many_records_is_drawn_in_part_and_says_so():
    chain = [step(end(n), end(n + 1), 9.0) for n in range(200)]
    assert any("more edges that are not drawn" in text for text in texts(person_graph(chain, "why")))


def test_long_labels_are_cut_to_their_width_with_chinese_counted_double():
    assert text_width("归一", 10) == 20
    assert text_width(shortened("小区楼栋单元房号相同 same estate", 12, 100), 12) <= 100


def test_few_records_are_a_bubble_each_and_every_edge_is_between_two():
    steps = [step(end(1), end(2)), step(end(2), end(3), 9.0)]
    bubbles, bundles = summarised(steps, 24)
    assert [bubble.count for bubble in bubbles] == [1, 1, 1]
    assert [(one.a, one.b, len(one.steps)) for one in bundles] == [(0, 1, 1), (1, 2, 1)]


def test_many_records_are_summed_by_what_ties_them_and_none_is_lost_nor_is_the_weak_bridge():
    hub = end(0, "pos", "customer", "member")
    messages = [step(hub, end(n, "aliyun_sms", "message", "contact")) for n in range(1, 61)]
    orders = [step(hub, end(n, "jd", "order", "buyer"), 12.0) for n in range(100, 140)]
    weak = step(end(100, "jd", "order", "buyer"), end(200, "jd", "order", "buyer"), 5.0, is_bridge=True, n_cut_off=1)
    bubbles, bundles = summarised([*messages, *orders, weak], 24)
    assert len(bubbles) <= 24
    assert sum(bubble.count for bubble in bubbles) == 1 + 60 + 40 + 1
    assert sum(len(one.steps) for one in bundles) == 60 + 40 + 1
    [bridge] = [one for one in bundles if weak in one.steps]
    assert bridge.a != bridge.b
