import polars as pl
import pytest

from identity.names import agreements


def agreement(left, right, quality=("full", "full"), pinyin=("", " "), surname=None):
    surnames = surname or (left[:1], right[:1])
    return agreements(
        pl.DataFrame(
            {
                "name_l": [left], "name_r": [right], "quality_l": [quality[0]], "quality_r": [quality[1]],
                "surname_l": [surnames[0]], "surname_r": [surnames[1]],
                "name_pinyin_l": [pinyin[0]], "name_pinyin_r": [pinyin[1]],
            }
        )
    )[0]  # fmt: skip


def test_two_character_names_that_share_a_surname_are_two_people():
    assert agreement("王伟", "王芳") == "conflict"


def test_one_wrong_character_in_a_three_character_name_is_one_character():
    assert agreement("王小伟", "王小芳") == "one_character"
    assert agreement("王小伟", "王晓伟") == "one_character"


def test_a_two_character_surname_counts_as_one_part():
    assert agreement("欧阳小伟", "欧阳晓伟", surname=("欧阳", "欧阳")) == "one_character"
    assert agreement("欧阳伟", "欧阳芳", surname=("欧阳", "欧阳")) == "conflict"


def test_names_that_sound_alike_are_homophones():
    assert agreement("王炜", "王伟", pinyin=("wang wei", "wang wei")) == "homophone"


@pytest.mark.parametrize("masked", ["王**", "王*", "**伟", "王*伟"])
def test_a_masked_name_agrees_with_what_it_shows(masked):
    assert agreement("王小伟", masked, quality=("full", "masked")) == "masked"


def test_a_masked_name_that_shows_another_surname_conflicts():
    assert agreement("王小伟", "李**", quality=("full", "masked")) == "conflict"


def test_a_title_agrees_with_its_surname_alone():
    assert agreement("王小伟", "王", quality=("full", "title")) == "surname"
    assert agreement("李小伟", "王", quality=("full", "title")) == "conflict"


def test_western_names_agree_in_either_order_and_with_one_slip():
    assert agreement("Emily Carter", "carter emily", surname=("Carter", "emily")) == "swapped"
    assert agreement("Emily Carter", "Emily Cartr", surname=("Carter", "Cartr")) == "typo"
    assert agreement("Emily Carter", "Robert Miles", surname=("Carter", "Miles")) == "conflict"
