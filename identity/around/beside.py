"""What is known beside who is who: relations, devices and their events, people past a limit.

Belongs here: the tables that are made from the finished people and change nothing of them.
"""

from pathlib import Path

import polars as pl

from identity.around.anonymous import stitch
from identity.around.relations import relations
from identity.parties import Parties
from identity.registry import Registry
from identity.rules.judge import Judgement
from identity.rules.limits import over_limit


def tables_beside(
    parties: Parties, of_party: pl.DataFrame, judgement: Judgement, registry: Registry, touchpoints: Path, key: bytes
) -> dict[str, pl.DataFrame]:
    """The tables relation, device_history, event_owner and over_limit, by name; no personal value in any.

    Args:
        of_party: party, one_id.
        touchpoints: folder of the canonical tables.
        key: the home's key, for the hashes of device values.
    """
    stitched = stitch(parties, of_party, touchpoints, registry, key)
    return {
        "relation": relations(parties, of_party, judgement, registry, touchpoints),
        "device_history": stitched.device_history,
        "event_owner": stitched.event_owner,
        "over_limit": over_limit(judgement, registry, of_party),
    }
