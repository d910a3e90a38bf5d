"""What pydantic finds wrong in a file that people write, as sentences in both languages, each with what to do."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from segments.rules import conditions as c
from segments.rules import terms
from segments.saying import Said, say

Location = tuple[str | int, ...]

# What pydantic finds, by its own names for it; the facts of a sentence are those that it gives along.
FOUND: Final = frozenset(
    {
        "greater_than", "greater_than_equal", "less_than", "less_than_equal", "too_short", "too_long",
        "string_too_short", "string_too_long", "string_pattern_mismatch", "literal_error", "string_type", "int_type",
        "int_from_float", "float_type", "finite_number", "bool_type", "list_type", "dict_type", "model_type",
        "model_attributes_type", "date_type", "date_from_datetime_parsing",
    }
)  # fmt: skip


def names_of(*models: type[terms.Strict]) -> list[str]:
    """The keys that files of these models may have, for guesses at one that is misspelt."""
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def findings(error: ValidationError, raw: Any, keys: Sequence[str]) -> Iterator[tuple[Location, Said, Said]]:
    """Each place that is wrong, with what is wrong there and what to do about it.

    Args:
        error: what pydantic found.
        raw: what it read.
        keys: that are known, for guesses.
    """
    found = [(_locate(raw, one["loc"]), one) for one in error.errors()]
    for location, group in groupby(found, key=lambda pair: pair[0]):
        yield location, *_explain([one for _, one in group], keys)


def what_is_wrong(error: ValidationError, raw: Any, keys: Sequence[str]) -> tuple[Said, Said]:
    """The first place that is wrong, as a problem that names it and its remedy; arguments as of `findings`."""
    location, problem, remedy = next(findings(error, raw, keys))
    place = ".".join(str(step) for step in location)
    return say("of_column", column=place, problem=problem) if place else problem, remedy


def _locate(raw: Any, steps: tuple[int | str, ...]) -> Location:
    """The place in the file that an error is about: its steps without those that only name a model."""
    location: Location = ()
    for step in steps:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            continue
        location = (*location, step)
    return location


def _explain(alike: Sequence[ErrorDetails], keys: Sequence[str]) -> tuple[Said, Said]:
    error = alike[0]
    name = str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, keys, n=1)
        return say("unknown_key"), say("did_you_mean", near=near[0]) if near else say("remove_it")
    if error["type"] == "missing":
        return say("missing", name=name), say("add_it", name=name)
    if len(alike) > 1:
        kinds = ", ".join(sorted({one["type"].removesuffix("_type") for one in alike}))
        return say("none_of_kinds", kinds=kinds), say("one_of_these")
    return _in_words(error), say("correct_it")


def _in_words(error: ErrorDetails) -> Said:
    found = error.get("ctx", {}).get("error")
    if isinstance(found, ValueError) and found.args and isinstance(found.args[0], Said):
        return say("sentence", text=found.args[0])
    if error["type"] in FOUND:
        return say("sentence", text=say(error["type"], **error.get("ctx", {})))
    if error["type"] == "condition_kind":
        return say("sentence", text=say("condition_kind", kinds=", ".join(c.KINDS)))
    return say("wrong_value", message=error["msg"].removeprefix("Value error, "))
