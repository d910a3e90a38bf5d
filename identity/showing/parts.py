"""The parts of a weighed edge: what each comparison says and how much it weighs, for pictures and pages.

Belongs here: taking evidence apart. The words are `words`', the drawing the pictures'.
"""

from dataclasses import dataclass

from identity.scoring.retail import RETAIL
from identity.showing.explain import Step
from identity.showing.words import COMPARISONS, LEVELS


@dataclass(frozen=True)
class Part:
    """One part of the evidence.

    Attributes:
        comparison: its name in the scheme; empty for what holds of two people at random.
        zh, en: what it says.
        weight: log2 odds.
    """

    comparison: str
    zh: str
    en: str
    weight: float


def weighed(step: Step) -> list[Part]:
    """The parts of an edge, first what holds of two people at random; their weights add up to the match weight.

    Args:
        step: an edge with a match weight and the weights of its comparisons.
    """
    labels = RETAIL.level_labels()
    total = step.match_weight or 0.0
    parts = [Part("", "随机两人", "two people at random", total - sum(weight for _, weight in step.weights.values()))]
    for name, (level, weight) in step.weights.items():
        said = labels.get(name, {}).get(level, name)
        parts.append(Part(name, f"{COMPARISONS.get(name, name)} · {LEVELS.get(said, said)}", said, weight))
    return parts
