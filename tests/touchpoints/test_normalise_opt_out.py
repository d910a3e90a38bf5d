"""Opt-outs in replies, however they are typed."""

import polars as pl
import pytest

from touchpoints.normalise.opt_out import is_opt_out


@pytest.mark.parametrize(
    "text",
    ["T", " TD ", "ＴＤ", "退 订", "回T退订", "拒收，谢谢", "请勿再发", "stop", "STOP ALL", "Unsubscribe", "QUIT."],
)
def test_who_wants_to_be_left_alone_is_understood(text):
    assert is_opt_out(pl.Series("text", [text])).to_list() == [True]


@pytest.mark.parametrize("text", ["T恤有吗", "Thanks", "几点关门", "stop by tomorrow", "the end of March", "好的"])
def test_other_words_end_no_consent(text):
    assert is_opt_out(pl.Series("text", [text])).to_list() == [False]


def test_no_text_says_nothing():
    assert is_opt_out(pl.Series("text", [None], dtype=pl.String)).to_list() == [None]
