"""What stands beside each fact of a question: the verdict of the evidence, and the two values that it speaks of."""

import pytest

from identity.scoring.retail import RETAIL
from identity.showing.verdicts import AGREE, COMPARED, DIFFER, NOT_COMPARED, Value, closest, verdict


def phone(number):
    return Value(number, number, {"phone_masked" if "*" in number else "phone": number})


def name(text, surname, quality="full"):
    return Value(text, text, {"name": text, "surname": surname, "name_pinyin": f"pinyin of {text}", "quality": quality})


def place(address, district="310115"):
    return Value(address, address, {"address": address, "city_code": "310100", "district_code": district})


def said(key, a, b, level=None):
    """The two values that are shown first, and the verdict in Chinese."""
    pair = closest(key, a, b, level)
    assert pair is not None
    told = verdict(key, pair.level if level is None else level, pair.is_against)
    return a[pair.a].plain, b[pair.b].plain, told.state, told.zh


def test_of_many_phones_the_two_that_agree_as_far_as_their_masks_show_are_found():
    ours = [phone("13300001111"), phone("15912340016")]
    theirs = [phone("13700002222"), phone("13800003333"), phone("159****0016")]
    found = said("phones", ours, theirs, 2)
    assert found == ("15912340016", "159****0016", "partly", "所示部分一致")
    # Where two numbers are known to begin differently, no more is claimed than that their ends agree.
    assert said("phones", [phone("15512346671")], [phone("13300006671")], 2)[2:] == ("partly", "仅末四位一致")


@pytest.mark.parametrize(
    ("key", "a", "b", "told"),
    [
        ("phones", phone("13912345678"), phone("13912345678"), ("agree", "一致")),
        ("phones", phone("13912345678"), phone("13912345679"), ("partly", "差一位")),
        ("phones", phone("13912345678"), phone("13700000000"), ("differ", "不同")),
        ("names", name("黎明明", "黎"), name("黎", "黎", "title"), ("partly", "所示部分一致")),
        ("names", name("黎明明", "黎"), name("黎**", "黎", "masked"), ("partly", "所示部分一致")),
        ("names", name("赵建国", "赵"), name("赵建华", "赵"), ("partly", "差一字或次序不同")),
        ("names", name("赵建国", "赵"), name("赵小伟", "赵"), ("differ", "不同")),
        ("addresses", place("世纪大道100号3栋1201室"), place("世纪大道100号3栋1201室"), ("agree", "一致")),
        ("addresses", place("世纪大道100号3栋1201室"), place("张杨路5号1栋2室"), ("partly", "仅同区县")),
        ("addresses", place("世纪大道100号3栋1201室"), place("张杨路5号1栋2室", "310101"), ("partly", "仅同城")),
    ],
)
def test_a_verdict_is_the_level_of_the_schemes_own_comparison(key, a, b, told):
    assert said(key, [a], [b])[2:] == told


def test_every_level_of_every_comparison_has_a_verdict_and_only_the_last_differs():
    labels = RETAIL.level_labels()
    for key, comparison in COMPARED.items():
        assert [verdict(key, level) == DIFFER for level in sorted(labels[comparison])][1:] == [False] * (
            len(labels[comparison]) - 1
        )
        assert verdict(key, 0) == DIFFER and verdict(key, max(labels[comparison])) == AGREE
        assert verdict(key, None) == verdict(key, -1) == NOT_COMPARED
    assert verdict("accounts", 1) == NOT_COMPARED


def test_nothing_is_found_where_one_side_says_nothing():
    assert closest("phones", [], [phone("13912345678")], 3) is None
