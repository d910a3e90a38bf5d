"""Writes docs/tags.md from the tags: `python -m profiles.tagging.page docs/tags.md`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from profiles.tagging.compile import compile
from profiles.tagging.load import load_tags
from profiles.tagging.model import Tag

_HEAD = """# Tags 标签

Made from `profiles/tags/*.yml` by `python -m profiles.tagging.page docs/tags.md`; change those, not this.

Every run computes all tags into `customer.tag(one_id, tag, value, since)`. `since` is the date of the
newest fact that the tag rests on, or the date that its definition names.

```sql
select value, count(*) as people from customer.tag where tag = 'vip_tier' group by value order by people desc;
```

| tag | 名称 | name | kind | owner | refresh | sensitivity |
|---|---|---|---|---|---|---|
"""


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
    return f"""
## {tag.tag}

**{tag.label.zh} · {tag.label.en}.** {tag.description.strip()}

Without the tag: {tag.no_data.strip()}

{values}
<details><summary>SQL</summary>

```sql
{compile(tag)}```

</details>
"""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(load_tags()), encoding="utf-8")
