"""Writes docs/tags.md from the tags: `python -m profiles.tagging.page docs/tags.md`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from profiles.tagging.compile import compile
from profiles.tagging.load import load_tags
from profiles.tagging.model import Tag

_HEAD = """# Tags 标签

Made from `profiles/tags/*.yml` by `python -m profiles.tagging.page docs/tags.md`; change those, not this.

Every run computes the tags that are due into `customer.tag(one_id, tag, value, since, model_run)`. `since` is the date
of the newest fact that the tag rests on, or the date that its definition names; `model_run` names the model of a score.
A weekly or monthly tag is computed in the first run of its week (from Monday) or month, and kept in between.

`customer.tag_history` knows who had which tag when: a value holds from the run that found it until the run that did
not. A brand's own tags lie in `HOME/tags/` ([how](analysts.md#adding-a-model-or-a-tag)).

```sql
-- on 1 October, and today
select value, count(*) as people from tag_on(date '2026-10-01') where tag = 'vip_tier' group by all;
select value, count(*) as people from customer.tag where tag = 'vip_tier' group by all order by people desc;
```

| tag | 名称 | name | kind | owner | refresh | sensitivity |
|---|---|---|---|---|---|---|
"""


_VALUES_OF = {
    "category": "Its values are categories of goods. 值为品类。\n",
    "store": "Its values are stores. 值为门店。\n",
}


def render(tags: Sequence[Tag]) -> str:
    """The page as Markdown."""
    rows = [
        "| "
        + " | ".join((f"[`{t.tag}`](#{t.tag})", t.label.zh, t.label.en, t.kind, t.owner, t.refresh, t.sensitivity))
        + " |"
        for t in tags
    ]
    return _HEAD + "\n".join(rows) + "\n" + "".join(_section(t) for t in tags)


def _section(tag: Tag) -> str:
    values = "".join(f"- `{value}`: {label.zh} / {label.en}\n" for value, label in tag.values.items())
    values = _VALUES_OF[tag.values_of] if tag.values_of else values
    return f"""
## {tag.tag}

**{tag.label.zh} · {tag.label.en}.** {tag.description.en.strip()}

{tag.description.zh.strip()}

Without the tag: {tag.no_data.en.strip()} 无此标签：{tag.no_data.zh.strip()}

{values}
<details><summary>SQL</summary>

```sql
{compile(tag)}```

</details>
"""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(load_tags()), encoding="utf-8")
