import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoints.normalise import name
from touchpoints.normalise.script import simplified

few = settings(deadline=None, max_examples=40)


def parsed(value):
    return name.parse_names(pl.Series([value], dtype=pl.String)).row(0, named=True)


@pytest.mark.parametrize(
    "written",
    [
        "李晓明",
        "李晓明先生",
        "李晓明[1234]",
        "李晓明(收)",
        "李晓明 收",
        "😀李晓明😀",
        "“李晓明”",
        "李 晓明",
        "李晓明13912345678",
        "收货人：李晓明",
        "李晓明转1234",
    ],
)
def test_a_chinese_name_has_one_form_however_it_is_written(written):
    found = parsed(written)
    assert (found["name"], found["quality"]) == ("李晓明", "full")
    assert (found["surname"], found["given"], found["script"]) == ("李", "晓明", "han")


@pytest.mark.parametrize(
    ("written", "surname", "gender"),
    [
        ("王女士", "王", "female"),
        ("欧阳先生", "欧阳", "male"),
        ("李老师", "李", None),
        ("陈总", "陈", None),
        ("刘总经理", "刘", None),
        ("李姐", "李", "female"),
        ("赵师傅", "赵", None),
        ("小王", "王", None),
    ],
)
def test_a_family_name_with_a_title_is_only_that(written, surname, gender):
    found = parsed(written)
    assert (found["name"], found["quality"], found["surname"], found["given"]) == (surname, "title", surname, None)
    assert found["gender_hint"] == gender


@pytest.mark.parametrize(
    ("written", "name_", "surname"),
    [
        ("张**", "张**", "张"),
        ("*先生", "*", None),
        ("**博", "**博", None),
        ("*津水", "*津水", None),
        ("张某某", "张**", "张"),
        ("欧阳*", "欧阳*", "欧阳"),
        ("李XX", "李**", "李"),
    ],
)
def test_a_masked_name_is_never_taken_for_a_whole_one(written, name_, surname):
    found = parsed(written)
    assert (found["name"], found["quality"], found["surname"], found["given"]) == (name_, "masked", surname, None)


def test_traditional_names_keep_their_script_beside_the_simplified_form():
    found = parsed("張曉東")
    assert (found["name"], found["name_simplified"], found["surname"]) == ("張曉東", "张晓东", "张")


def test_simplifying_leaves_other_text_alone():
    assert simplified(pl.Series(["張三", "John", None, "a\n張"])).to_list() == ["张三", "John", None, "a\n張"]


@pytest.mark.parametrize(
    ("written", "surname", "given_"), [("欧阳娜娜", "欧阳", "娜娜"), ("尉迟恭", "尉迟", "恭"), ("东方红", "东方", "红")]
)
def test_family_names_of_two_characters_are_known(written, surname, given_):
    found = parsed(written)
    assert (found["surname"], found["given"]) == (surname, given_)


@pytest.mark.parametrize(
    ("written", "gender"),
    [("John Smith", None), ("Smith, John", None), ("Mr. John Smith", "male"), ("Ms John Smith", "female")],
)
def test_western_names_are_split_at_the_last_word_or_the_comma(written, gender):
    found = parsed(written)
    assert (found["surname"], found["given"], found["quality"], found["script"]) == ("Smith", "John", "full", "latin")
    assert found["gender_hint"] == gender


def test_names_with_a_dot_between_their_parts_are_full_and_keep_one_kind_of_dot():
    assert parsed("买买提•吐尔逊")["name"] == parsed("买买提·吐尔逊")["name"] == "买买提·吐尔逊"
    assert parsed("买买提•吐尔逊")["quality"] == "full"


_NO_NAMES = (
    "开心就好",
    "小太阳",
    "Mike",
    "某某有限公司",
    "李晓明abc",
    "王",
    "家人",
    "家里",
    "老妈",
    "东东",
    "物业代收",
)


@pytest.mark.parametrize("written", _NO_NAMES)
def test_what_is_no_full_name_is_a_nickname_without_parts(written):
    found = parsed(written)
    assert (found["quality"], found["surname"], found["given"]) == ("nick", None, None)


@pytest.mark.parametrize("written", [None, "无", "***", "-", "😀"])
def test_cells_without_a_name_give_none(written):
    assert parsed(written)["name"] is None and parsed(written)["quality"] is None


def test_a_title_alone_gives_no_name_but_its_gender():
    assert (parsed("先生")["name"], parsed("先生")["gender_hint"]) == (None, "male")


@few
@given(st.text(max_size=10))
def test_a_cleaned_full_name_stays_as_it_is(text):
    found = parsed(text)
    if found["quality"] == "full":
        assert parsed(found["name"])["quality"] in ("full", "title")


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("仇小明", "qiu xiao ming"),
        ("单雄信", "shan xiong xin"),
        ("解珍", "xie zhen"),
        ("曾国", "zeng guo"),
        ("查良", "zha liang"),
        ("區小明", "ou xiao ming"),
        ("盖聂", "ge nie"),
        ("尉迟恭", "yu chi gong"),
        ("长孙无忌", "zhang sun wu ji"),
        ("单于", "shan yu"),
        ("吕布", "lv bu"),
        ("张曾", "zhang ceng"),
        ("John O'Neil", "john o neil"),
        ("José García", "jose garcia"),
        (None, None),
    ],
)
def test_pinyin_reads_family_names_as_family_names(written, spelt):
    assert name.pinyin(pl.Series([written], dtype=pl.String)).item() == spelt
