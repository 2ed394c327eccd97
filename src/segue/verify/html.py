"""A run as one self-contained HTML file."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment

from segue.verify.evidence import Report
from segue.verify.report import request_line

_TEMPLATE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Segue: {{ report.kind }}</title>
<style>
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--bad:#c0362c;--good:#1c7c3c}
@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#7ddc9a}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}
h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:var(--soft);padding:.6rem;overflow:auto;max-height:24rem;margin:.3rem 0}
.bad{color:var(--bad)}.good{color:var(--good)}details{border:1px solid var(--line);border-radius:6px;padding:.5rem .8rem;margin:.6rem 0}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}summary{cursor:pointer}input{font:inherit;padding:.3rem .5rem;width:20rem;max-width:100%}
</style></head><body>
<h1>{{ report.kind|capitalize }}: <span class="{{ 'bad' if report.different else 'good' }}">{{ report.different }} differences</span>
in {{ report.cases }} cases</h1>
{% for note in report.notes %}<p>{{ note }}</p>{% endfor %}
<p><label>Filter <input id="q" placeholder="part of an operation"></label></p>
<table><thead><tr><th>operation</th><th class="n">cases</th><th class="n">differ</th><th class="n">left to Django</th><th>answers by status</th><th>function</th></tr></thead>
<tbody>{% for o in report.operations %}<tr data-k="{{ o.key|lower }}"><td><code>{{ o.key }}</code></td><td class="n">{{ o.cases }}</td>
<td class="n {{ 'bad' if o.different else 'good' }}">{{ o.different }}</td><td class="n">{{ o.unserved }}</td>
<td>{% for s, n in o.statuses|dictsort %}{{ s }} × {{ n }}{{ ", " if not loop.last }}{% endfor %}</td><td><code>{{ o.function }}</code><br><small>{{ o.place }}</small></td></tr>{% endfor %}</tbody></table>
{% for o in report.operations %}{% for d in o.differences %}
<details data-k="{{ o.key|lower }}"><summary><code>{{ line(d) }}</code> <small>{{ d.what }}, as {{ d.persona }}</small></summary>
{% if d.body %}<pre>{{ d.body }}</pre>{% endif %}
<table><thead><tr><th>where</th><th>Django</th><th>FastAPI</th></tr></thead><tbody>
{% for p, a, b in d.paths %}<tr><td><code>{{ p }}</code></td><td><code>{{ dump(a) }}</code></td><td><code>{{ dump(b) }}</code></td></tr>{% endfor %}</tbody></table>
<div class="sides"><div>Django<pre>{{ dump(d.django, 1) }}</pre></div><div>FastAPI<pre>{{ dump(d.fastapi, 1) }}</pre></div></div></details>
{% endfor %}{% endfor %}
{% if report.noise %}<details><summary>{{ report.noise|length }} places where Django differs from itself</summary><pre>{{ report.noise|join("\n") }}</pre></details>{% endif %}
<script>document.getElementById("q").addEventListener("input",e=>{const t=e.target.value.toLowerCase();
for(const n of document.querySelectorAll("[data-k]"))n.hidden=!n.dataset.k.includes(t)})</script>
</body></html>
"""


def render(report: Report) -> str:
    """The page."""
    environment = Environment(autoescape=True)
    return environment.from_string(_TEMPLATE).render(report=report, line=request_line, dump=_dump) + "\n"


def _dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, default=str)
