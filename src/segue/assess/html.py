"""The assessment as one HTML file that needs nothing else: no network, styles and scripts inside."""

from __future__ import annotations

from html import escape
from importlib import resources

from segue.assess.graph import draw
from segue.assess.model import Assessment, Endpoint, short_place

_VERDICTS = {"native": "native", "refused": "on Django", "unknown": "not translated"}


_HEAD = [
    ("Method", ""), ("Route", ""), ("Verdict", ""), ("App", ""), ("Kind", ""), ("Wave", "n"), ("Risk", "n"), ("Reason or place", ""),
]  # fmt: skip


def render(assessment: Assessment) -> str:
    """The whole document."""
    assets = resources.files("segue.assess") / "assets"
    style = (assets / "report.css").read_text(encoding="utf-8")
    script = "".join((assets / name).read_text(encoding="utf-8") for name in ("sorting.js", "report.js"))
    sections = [
        _head(assessment),
        _kinds(assessment),
        _reasons(assessment),
        _waves(assessment),
        _coupling(assessment),
        _effects(assessment),
        _endpoints(assessment),
        _plain(assessment),
    ]
    body = "\n".join(section for section in sections if section)
    title = f"{assessment.project} – Segue assessment"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#endpoints">Skip to the endpoints</a>\n{body}\n<script>\n{script}</script>\n'
        "</body>\n</html>\n"
    )


def _head(a: Assessment) -> str:
    total = len(a.own)
    others = len(a.endpoints) - total
    facts = [
        ("Django", a.django),
        ("DRF", a.drf or "none"),
        ("Python", a.python),
        ("Databases", ", ".join(a.databases) or "none"),
        ("Models", f"{a.models_own} own, {a.models_all} in all"),
        ("Third-party operations", str(others)),
        (
            "Plain Django views",
            f"{a.plain_native} of {len(a.plain)} operations native" if a.translated else str(len(a.plain)),
        ),
        ("Pages, left to Django", str(a.pages)),
        ("Admin routes", str(a.admin_routes)),
    ]
    listed = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)
    if a.translated and total:
        share = 100 * a.native / total
        headline = (
            f'<p class="figure"><strong>{a.native}</strong> of {total} operations can move to FastAPI today'
            f' <span class="soft">({share:.0f} %)</span></p>'
            f'<div class="bar" role="img" aria-label="{a.native} native, {a.refused} on Django">'
            f'<span class="native" style="width:{share:.2f}%"></span>'
            f'<span class="refused" style="width:{100 * a.refused / total:.2f}%"></span></div>'
            f'<p class="legend"><span class="key native"></span>native {a.native}'
            f'<span class="key refused"></span>stays on Django for now {a.refused}</p>'
        )
    else:
        headline = f'<p class="figure"><strong>{total}</strong> operations</p>'
    links = [
        ("reasons", "Reasons", bool(a.reasons)),
        ("waves", "Waves", True),
        ("coupling", "Coupling", bool(a.apps)),
        ("effects", "Effects", bool(a.effects)),
        ("endpoints", "Endpoints", True),
        ("plain", "Plain views", bool(a.plain)),
    ]
    menu = "".join(f'<li><a href="#{i}">{t}</a></li>' for i, t, shown in links if shown)
    return (
        f'<header><p class="brand">Segue assessment</p><h1>{escape(a.project)}</h1>{headline}'
        f'<dl class="facts">{listed}</dl><nav aria-label="Sections"><ul>{menu}</ul></nav></header>'
    )


def _section(identifier: str, title: str, content: str, note: str = "") -> str:
    lead = f'<p class="note">{note}</p>' if note else ""
    return f'<section id="{identifier}" aria-labelledby="{identifier}-h"><h2 id="{identifier}-h">{title}</h2>{lead}{content}</section>'


def _table(caption: str, head: list[tuple[str, str]], rows: list[str], *, sortable: bool = False) -> str:
    """``head``: (text, class); class ``n`` is a number column."""
    cells = []
    for text, kind in head:
        inner = f'<button type="button">{text}</button>' if sortable else text
        cells.append(f'<th scope="col"{f" class={kind}" if kind else ""}>{inner}</th>')
    mark = ' class="sortable"' if sortable else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table{mark}>'
        f"<caption>{escape(caption)}</caption><thead><tr>{''.join(cells)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _kinds(a: Assessment) -> str:
    rows = [
        f'<tr><th scope="row">{escape(k.kind)}</th><td class="n">{k.total}</td><td class="n">{k.native}</td>'
        f'<td class="n">{k.refused}</td><td><div class="bar small" aria-hidden="true">'
        f'<span class="native" style="width:{100 * k.native / k.total:.1f}%"></span>'
        f'<span class="refused" style="width:{100 * k.refused / k.total:.1f}%"></span></div></td></tr>'
        for k in a.kinds
    ]
    head = [("Kind of view", ""), ("Operations", "n"), ("Native", "n"), ("On Django", "n"), ("Share", "")]
    return _section("kinds", "By kind of view", _table("Operations by kind of view", head, rows))


def _reasons(a: Assessment) -> str:
    if not a.reasons:
        return ""
    rows = []
    for group in a.reasons:
        places = "".join(f"<li><code>{escape(short_place(place))}</code></li>" for place in group.places)
        label = f"{len(group.places)} place{'s' if len(group.places) != 1 else ''}"
        constructs = ", ".join(f"<code>{escape(text)}</code>" for text in group.constructs)
        rows.append(
            f'<tr><th scope="row"><code>{escape(group.code)}</code></th><td>{escape(group.why)}'
            f'<div class="soft">{constructs}</div><p class="advice">{escape(group.advice)}</p></td><td class="n">{group.unblocks}</td>'
            f'<td class="n">{group.operations}</td><td><details><summary>{label}</summary>'
            f"<ul>{places}</ul></details></td></tr>"
        )
    head = [("Reason", ""), ("What", ""), ("Unblocks", "n"), ("Operations", "n"), ("Where", "")]
    note = "<em>Unblocks</em> counts the operations for which this is the only reason found."
    return _section("reasons", "What stands in the way", _table("Reasons", head, rows, sortable=True), note)


def _waves(a: Assessment) -> str:
    cards = []
    for wave in a.waves:
        number = str(wave.number) if wave.number else "–"
        items = "".join(
            f'<li><span class="method">{e.method}</span> <code>{escape(e.route)}</code>'
            f' <span class="soft">{escape(e.app)}, risk {e.risk}</span></li>'
            for e in wave.endpoints
        )
        cards.append(
            f'<article class="wave{"" if wave.number else " stays"}"><h3><span class="number">{number}</span>'
            f"{escape(wave.title)}</h3><p>{escape(wave.why)}</p><details><summary>{len(wave.endpoints)} "
            f"operation{'s' if len(wave.endpoints) != 1 else ''}, in this order</summary><ol>{items}</ol>"
            "</details></article>"
        )
    note = "Reads before writes, few tables before many, loosely coupled apps first."
    return _section("waves", "Suggested waves", f'<div class="waves">{"".join(cards)}</div>', note)


def _coupling(a: Assessment) -> str:
    if not a.apps:
        return ""
    edges = [
        f'<tr><td>{escape(e.source)}</td><td>{escape(e.target)}</td><td class="n">{e.weight}</td>'
        f'<td class="soft">{escape(", ".join(e.fields))}</td></tr>'
        for e in sorted(a.edges, key=lambda e: (-e.weight, e.source, e.target))
    ]
    table = ""
    if edges:
        head = [("From", ""), ("To", ""), ("Weight", "n"), ("Fields", "")]
        table = f"<details><summary>The same as a table</summary>{_table('Couplings', head, edges, sortable=True)}</details>"
    third = ""
    if a.third_party:
        rows = [
            f'<tr><th scope="row">{escape(t.distribution)}</th><td>{escape(t.version)}</td>'
            f'<td>{escape(", ".join(t.apps))}</td><td class="n">{t.models}</td><td class="n">{t.operations}</td></tr>'
            for t in a.third_party
        ]
        head = [("Package", ""), ("Version", ""), ("Apps", ""), ("Models", "n"), ("Operations", "n")]
        third = "<h3>Third-party apps met</h3>" + _table("Third-party apps", head, rows, sortable=True)
    note = (
        "An arrow goes from the app with the field to the app it points to; a many-to-many counts two. "
        "The ring shows how many of the app’s operations are native."
    )
    return _section("coupling", "Coupling between apps", draw(a.apps, a.edges) + table + third, note)


def _effects(a: Assessment) -> str:
    if not a.effects:
        return ""
    rows = [
        f"<tr><td>{escape(e.kind.replace('_', ' '))}</td><td><code>{escape(e.name)}</code></td>"
        f"<td><code>{escape(e.place)}</code></td></tr>"
        for e in a.effects
    ]
    table = _table("Effects", [("Kind", ""), ("Code", ""), ("Where", "")], rows, sortable=True)
    counts: dict[str, int] = {}
    for effect in a.effects:
        counts[effect.kind] = counts.get(effect.kind, 0) + 1
    text = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in sorted(counts.items()))
    return _section(
        "effects", "Effects beyond rows", f"<details><summary>{escape(text)}</summary>{table}</details>"
    )


def _endpoints(a: Assessment) -> str:
    rows = [_row(endpoint) for endpoint in a.endpoints]
    controls = (
        '<div class="controls" role="search"><label>Filter <input type="search" id="filter" '
        'placeholder="path, view, reason, app …" autocomplete="off"></label>'
        '<fieldset><legend>Verdict</legend><label><input type="radio" name="verdict" value="" checked> all</label>'
        '<label><input type="radio" name="verdict" value="native"> native</label>'
        '<label><input type="radio" name="verdict" value="refused"> on Django</label></fieldset>'
        '<p id="count" role="status" aria-live="polite"></p></div>'
    )
    return _section("endpoints", "Endpoints", controls + _table("Endpoints", _HEAD, rows, sortable=True))


def _plain(a: Assessment) -> str:
    if not a.plain:
        return ""
    table = _table("Plain Django views", _HEAD, [_row(endpoint) for endpoint in a.plain], sortable=True)
    note = "Views without Django REST framework that answer with data. The figures above are of DRF's operations alone."
    return _section("plain", "Plain Django views", table, note)


def _row(e: Endpoint) -> str:
    reasons = "".join(
        f"<li><code>{escape(r.code)}</code> {escape(r.construct)}: {escape(r.why)} <code>{escape(short_place(r.place))}</code></li>"
        for r in e.reasons
    )
    first = (
        f"<code>{escape(short_place(e.reasons[0].place))}</code> {escape(e.reasons[0].construct)}"
        if e.reasons
        else f"<code>{escape(short_place(str(e.where)))}</code>"
    )
    detail = (
        f'<details><summary>{first}</summary><ul class="reasons">{reasons}</ul></details>'
        if reasons
        else first
    )
    third = "" if e.own else ' <span class="soft">third-party</span>'
    words = " ".join((e.view, e.action, *e.models, *e.overridden))
    return (
        f'<tr data-verdict="{e.verdict}" data-words="{escape(words)}"><td><span class="method">{e.method}</span></td>'
        f'<td><code>{escape(e.route)}</code>{third}</td><td><span class="verdict {e.verdict}">{_VERDICTS[e.verdict]}'
        f"</span></td><td>{escape(e.app)}</td><td>{escape(e.kind)}</td><td class=n>{e.wave or '–'}</td>"
        f"<td class=n>{e.risk}</td><td>{detail}</td></tr>"
    )
