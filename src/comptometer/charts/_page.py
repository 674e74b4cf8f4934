"""A chart as one HTML file that needs nothing else: title, picture, source, table, and the scripts inside.

The page states a policy under which nothing can be fetched, and only the scripts whose hashes it names can run.
Without scripts it shows the same picture, still.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from string import Template
from typing import Any, Final

from comptometer.charts import Language
from comptometer.charts._theme import NOTE
from comptometer.charts._words import say

# Every request that Vega might make is refused, whatever a chart says.
_START: Final = """
(function () {
  var refuse = function () { return Promise.reject(new Error("this page loads nothing")); };
  var loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
  var spec = JSON.parse(document.getElementById("spec").textContent);
  vegaEmbed("#chart", spec, { ast: true, actions: false, renderer: "svg", loader: loader });
})();
"""

_EMBED: Final = "window.vegaEmbed = vegaEmbed;"  # all that the page calls
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"

_PAGE: Final = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="$scheme">
<meta name="description" content="$description">
<title>$title</title>
<style>
body { margin: 0; background: $background; color: $color; font: 16px/1.5 Arial, Helvetica, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
p, figcaption, details { max-width: 62rem; color: $muted; font-size: .875rem; }
figure { margin: 1rem 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid $color; outline-offset: 2px; }
summary { cursor: pointer; padding: .6rem 0; color: $color; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid $muted; vertical-align: top; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p>$subtitle</p>
<figure>
<div class="scroll" tabindex="0" role="region" aria-label="$region: $description">
<div id="chart">$still</div>
</div>
<figcaption>$note</figcaption>
</figure>
$table
</main>
<script type="application/json" id="spec">$spec</script>
<script>$bundle</script>
<script>$start</script>
</body>
</html>
""")


def page(spec: Mapping[str, Any], vl_version: str) -> str:
    """Write a chart as a page. What stands around our own charts becomes text of the page: title, subtitle, note.

    Args:
        spec: Vega-Lite, with its data inside.
        vl_version: of Vega-Lite, as vl-convert names it.
    """
    import vl_convert

    title, subtitle = _title(spec)
    ours = spec.get("usermeta", {}).get("comptometer", {})
    language = ours.get("language", "en")
    colors = spec.get("config", {}).get("title", {})
    kept = bare(spec)
    bundle, start = _bundle(vl_version), _START
    return _PAGE.substitute(
        language=language,
        region=say("chart-region", language),
        policy=f"{_POLICY} script-src {_hash(bundle)} {_hash(start)}",
        scheme="dark" if _dark(spec.get("background", "#ffffff")) else "light",
        title=escape(title),
        subtitle=escape(subtitle),
        description=escape(spec.get("description", title)),
        background=spec.get("background", "#ffffff"),
        color=colors.get("color", "#1b1f24"),
        muted=colors.get("subtitleColor", "#4f5964"),
        note="<br>".join(escape(ours.get("note", "")).split("\n")),
        table=_table(spec.get("datasets", {}).get(ours.get("rows"), []), ours.get("columns", {}), language),
        still=vl_convert.vegalite_to_svg(kept, vl_version=vl_version),
        spec=json.dumps(kept, ensure_ascii=False).replace("<", "\\u003c"),
        bundle=bundle,
        start=start,
    )


def _title(spec: Mapping[str, Any]) -> tuple[str, str]:
    title = spec.get("title") or spec.get("description") or "Chart"
    if not isinstance(title, Mapping):
        title = {"text": title}
    return _joined(title.get("text", "Chart")), _joined(title.get("subtitle", ""))


def _joined(lines: str | Sequence[str]) -> str:
    return lines if isinstance(lines, str) else " ".join(lines)


def bare(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The chart without what the page says itself."""
    kept = {key: value for key, value in spec.items() if key not in {"title", "usermeta"}}
    if "layer" in kept:
        kept["padding"] = 2  # the page has margins of its own
        kept["layer"] = [layer for layer in kept["layer"] if layer.get("name") != NOTE]
    return kept


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], language: Language) -> str:
    """Every row that is drawn, for reading without a pointer; in the order of dates where there are any."""
    if not rows or not columns:
        return ""
    ordered = sorted(rows, key=lambda row: str(row.get("date", "")))
    region = say("table-region", language)
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in columns.values())
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(row[field]))}</td>' for field in columns)}</tr>\n" for row in ordered
    )
    return (
        f"<details><summary>{say('rows', language, n=len(rows))}</summary>\n"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{region}"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n</details>"
    )


@cache
def _bundle(vl_version: str) -> str:
    """Vega, Vega-Lite and vega-embed as one script (takes a second)."""
    import vl_convert

    return str(vl_convert.javascript_bundle(_EMBED, vl_version=vl_version)).replace("</script", "<\\/script")


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _dark(color: str) -> bool:
    """Is a colour, as #rrggbb, darker than middle grey?"""
    digits = color.removeprefix("#")
    return len(digits) == 6 and sum(int(digits[at : at + 2], 16) for at in (0, 2, 4)) < 384
