"""What is said on pages about codes: labels of `common.labels`, and those that are put together from several."""

from common.labels import Pair, label, name_of, names, of_subtype
from identity.showing.words import RELATIONS

__all__ = ["Pair", "label", "name_of", "names", "of_subtype", "part", "reason", "relation", "source", "stage"]


def relation(code: str) -> Pair:
    """What a relation is called."""
    english, chinese = RELATIONS.get(code, (code, code))
    return chinese, english


def source(code: str) -> Pair:
    """What a source is called."""
    return label("source", code)


def part(code: str) -> Pair:
    """What a measure of OneIDs is told apart by: a source, or a field that is compared."""
    return names("field").get(code) or names("source").get(code) or (code, code)


def stage(code: str, chinese: str) -> Pair:
    """What a lifecycle stage is called; the run's own Chinese name goes first."""
    return chinese or label("lifecycle_stage", code)[0], label("lifecycle_stage", code)[1]


def reason(text: str | None) -> Pair:
    """Why a value is not trusted: told by how the reason begins."""
    if not text:
        return "", ""
    found = [zh for start, (zh, _) in names("value_doubt").items() if text.startswith(start)]
    return (found[0] if found else text), text
