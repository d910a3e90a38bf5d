"""Audiences that are made of audiences: which ones a rule names."""

from collections.abc import Callable
from typing import Any

from segments.rules import conditions as c
from segments.rules.definition import AudienceDefinition
from segments.rules.load import Audience
from segments.saying import say


def audiences_named(condition: Any) -> set[str]:
    """The audiences that a rule names itself, not those that these are made of."""
    if isinstance(condition, c.AudienceCondition):
        return {condition.audience}
    if isinstance(condition, c.AllOf | c.AnyOf):
        parts = condition.all_ if isinstance(condition, c.AllOf) else condition.any_
        return set().union(*(audiences_named(part) for part in parts))
    return audiences_named(condition.not_) if isinstance(condition, c.Not) else set()


def refuse_circles(audience: Audience, find: Callable[[str], Audience]) -> None:
    """Refuses an audience that is made, at whatever remove, of itself; needs no warehouse.

    Args:
        audience: the audience.
        find: gives the audience of a name.

    Raises:
        RuleFault: a circle, told with all its audiences.
        UsageError: there is no audience of a name.
    """
    _follow(audience, audience.definition, find, (audience.name,), set())


def _follow(
    root: Audience,
    rule: AudienceDefinition,
    find: Callable[[str], Audience],
    way: tuple[str, ...],
    done: set[str],
) -> None:
    for name in sorted(audiences_named(rule.where) - done):
        if name in way:
            circle = " → ".join((*way[way.index(name) :], name))
            raise root.fault(("where",), say("circle", circle=circle), say("break_circle"))
        _follow(root, find(name).definition, find, (*way, name), done)
        done.add(name)
