"""The rules as a file that nginx includes in its ``http`` block.

One ``map`` over method and path keeps Django's order: nginx tries its regular expressions in the order of the file (ngx_http_map_module).
What nginx cannot do is in the file's head and in docs/export.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

from segue.errors import UsageError
from segue.gateway import encoded
from segue.gateway.envoy import Edge, Ports
from segue.gateway.export.pcre import quoted, regex
from segue.gateway.routes import HIDDEN
from segue.gateway.table import Rule, require_all

_HEAD = """\
# The routes of Segue's ledger for nginx. Written by `segue gateway export --to nginx`: write it again after each shift, then `nginx -s reload`.
# Belongs into the http block: include segue.conf;
#
# Not as with Envoy:
# - An answer that breaks off after its headers breaks off for the client.
# - A read that hangs in FastAPI is asked of Django after proxy_read_timeout only, and then no longer of FastAPI.
# - PUT, DELETE and other writes get 502 while FastAPI is down (POST and PATCH go to Django): nginx would repeat those that were sent.
# - A write that FastAPI itself answers with 501 or 503, without x-segue-unserved, loses its body.
# - Answers in pieces (server-sent events) wait in nginx until a buffer is full, unless the side sends X-Accel-Buffering: no.
# - Limits per side ([gateway.django], [gateway.fastapi]) are not in it: see max_conns and proxy_read_timeout.
# - Which clients go over first is another choice: the hash is another one.
# - `segue rollout` and `segue status` see nothing of this traffic.
"""


def configuration(rules: Sequence[Rule], ports: Ports, edge: Edge) -> str:
    """The whole file. Raises :class:`UsageError` for a pattern that nginx cannot hold."""
    require_all(rules, "nginx")
    stickies = sorted({rule.sticky for rule in rules if 0 < rule.weight < 100})
    parts = [
        _HEAD,
        *_clients(rules, stickies),
        *_maps(rules, stickies),
        *_override(edge),
        _SIDE,
        _upstreams(ports),
    ]
    return "\n".join([*parts, _server(ports, edge)])


def _clients(rules: Sequence[Rule], stickies: list[tuple[str, ...]]) -> list[str]:
    """What tells clients apart, and which side each of them has at each weight."""
    parts: list[str] = []
    for number, sticky in enumerate(stickies):
        names = [f"$segue_client_{number}_{place}" for place in range(len(sticky))] + ["$request_id"]
        parts.append(
            "# A client keeps its side by the first of these that it has; else each request is drawn."
        )
        for word, name, following in zip(sticky, names, names[1:], strict=False):
            parts.append(_identity(word, name, following))
        for weight in sorted({r.weight for r in rules if r.sticky == sticky and 0 < r.weight < 100}):
            # FastAPI has the lowest hashes at every weight, so that a client goes over once while it rises.
            head = f'split_clients "{names[0]}" {_share(number, weight)} {{'
            parts.append(f"{head}\n    {weight}% fastapi;\n    * django;\n}}\n")
    return parts


def _share(number: int, weight: int) -> str:
    return f"$segue_share_{number}_{weight}"


def _identity(word: str, name: str, following: str) -> str:
    kind, _, key = word.partition(":")
    if kind == "cookie":
        found = quoted(f"~(?:^|;\\s*){re.escape(key)}=(?<{name[1:]}_value>[^;]+)")
        return _map("$http_cookie", name, [f"    default {following};", f"    {found} {name}_value;"])
    if kind == "header" and re.search(r"[^A-Za-z0-9-]", key):
        raise UsageError(
            f"gateway.sticky has header:{key}, which nginx has no variable for.",
            hint="Name a header of letters, digits and hyphens in segue.toml, or use another gateway.",
        )
    source = f"$http_{key.lower().replace('-', '_')}" if kind == "header" else "$remote_addr"
    return _map(source, name, [f"    default {source};", f'    "" {following};'])


def _maps(rules: Sequence[Rule], stickies: list[tuple[str, ...]]) -> list[str]:
    """Which rule a request falls under, and what that rule says."""
    numbers = count()
    found = [
        f"    {quoted(regex(rule or Rule('an encoded path', pattern, (), 0, False, False)))} {f'r{next(numbers)}' if rule else 'none'};"
        for pattern, rule in encoded.in_order(rules)
    ]
    weights = [
        f"    r{n} {'fastapi' if r.weight == 100 else _share(stickies.index(r.sticky), r.weight)};  # {_comment(r)}"
        for n, r in enumerate(rules)
        if r.weight
    ]
    possible = [
        f"    r{n} {'html' if r.html_to_legacy else 'yes'};" for n, r in enumerate(rules) if r.possible
    ]
    path = '    "~^(?<segue_sent>[^?]*)" $segue_sent;'
    return [
        "# The path as it was sent, without the query.",
        _map("$request_uri", "$segue_path", ['    default "";', path]),
        "# The first one that matches: Django's order, pattern before method. Before them paths that are another one when they are decoded.",
        _map(
            '"$request_method $segue_path"',
            "$segue_rule",
            ["    default none;", f"    {quoted(f'~{HIDDEN}')} none;", *found],
        ),
        _map("$segue_rule", "$segue_weighted", ["    default django;", *weights]),
        "# Whether FastAPI can answer, and whether browsers are Django's.",
        _map("$segue_rule", "$segue_possible", ["    default no;", *possible]),
    ]


def _override(edge: Edge) -> list[str]:
    """``x-segue-side`` counts from those networks, and of requests that passed no proxy."""
    networks = [f"    {network} 1;" for network in edge.internal]
    # A regular expression: a plain string would match FastAPI, too, which Envoy does not obey.
    forced = [f'    "~^1::{side}$" {side};' for side in ("django", "fastapi")]
    return [
        "# Who may choose a side with x-segue-side: these networks, without a proxy between.",
        "geo $segue_near {\n" + "\n".join(["    default 0;", *networks]) + "\n}\n",
        _map(
            '"$segue_near:$http_x_forwarded_for:$http_x_segue_side"',
            "$segue_forced",
            ['    default "";', *forced],
        ),
    ]


_SIDE = """\
map $http_accept $segue_accepts_html {
    default 0;
    "~*text/html" 1;
}

map "$segue_accepts_html$arg_format" $segue_browser {
    default 0;
    "~^1" 1;
    "0api" 1;
}

# The side: browsers first, then who may choose, then the weight.
map "$segue_possible|$segue_browser|$segue_forced|$segue_weighted" $segue_http_side {
    default django;
    "~^html\\\\|1\\\\|" django;
    "~^(?:html|yes)\\\\|.\\\\|fastapi\\\\|" fastapi;
    "~^(?:html|yes)\\\\|.\\\\|django\\\\|" django;
    "~\\\\|\\\\|fastapi$" fastapi;
}

# WebSockets only: with an upgrade to h2c a client would talk to a side past all that stands here. No operation is one, so they are Django's.
map $http_upgrade $segue_upgrade {
    default "";
    "~*^websocket$" $http_upgrade;
}

map $segue_upgrade $segue_side {
    default django;
    "" $segue_http_side;
}

# What may be asked of Django as well: reads that failed; POST and PATCH that were never sent; nothing of other writes.
map "$segue_side $request_method" $segue_way {
    default django;
    "~^fastapi (?:GET|HEAD|OPTIONS)$" reads;
    "~^fastapi (?:POST|PATCH)$" unsent;
    "~^fastapi " once;
}

map $segue_upgrade $segue_connection {
    default upgrade;
    "" "";
}

map $http_x_request_id $segue_request_id {
    default $http_x_request_id;
    "" $request_id;
}
"""


def _upstreams(ports: Ports) -> str:
    django, fastapi = f"127.0.0.1:{ports.django}", f"127.0.0.1:{ports.fastapi}"
    return f"""\
upstream segue_django {{
    server {django} max_fails=0;
    keepalive 64;
    keepalive_timeout 1s;  # shorter than the sides keep idle connections
}}

# max_fails=0: a 500 of one read is no reason to keep others away.
upstream segue_fastapi {{
    server {fastapi} max_fails=0;
    server {django} max_fails=0 backup;
    keepalive 64;
    keepalive_timeout 1s;
}}
"""


def _server(ports: Ports, edge: Edge) -> str:
    # With trusted proxies before nginx both stay as they came.
    own = (
        ""
        if edge.proxies
        else """
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;"""
    )
    ssl, certificate = "", ""
    if edge.certificate is not None:
        ssl = " ssl"
        certificate = f"""
    ssl_certificate {quoted(edge.certificate.chain)};
    ssl_certificate_key {quoted(edge.certificate.key)};
    ssl_protocols TLSv1.2 TLSv1.3;"""
    return f"""\
server {{
    listen 127.0.0.1:{ports.gateway}{ssl};{certificate}
    merge_slashes off;
    client_max_body_size 0;  # the sides have limits of their own

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection $segue_connection;
    proxy_set_header Upgrade $segue_upgrade;
    proxy_set_header X-Request-ID $segue_request_id;
    proxy_set_header X-Segue-Side "";
    proxy_set_header X-Segue-Synthetic "";{own}
    proxy_hide_header X-Segue-Route;
    proxy_pass_header Server;
    proxy_pass_header Date;
    proxy_redirect off;
    proxy_connect_timeout 1s;
    proxy_read_timeout 300s;
    proxy_send_timeout 300s;
    add_header X-Segue-Route $segue_side always;

    location / {{
        try_files /.segue/none @segue_$segue_way;
    }}

    location @segue_django {{
        proxy_next_upstream off;
        proxy_pass http://segue_django;
    }}

    location @segue_reads {{
        proxy_next_upstream error timeout invalid_header http_500 http_502 http_503 http_504;
        proxy_intercept_errors on;
        error_page 501 505 506 507 508 510 511 = @segue_django;
        proxy_pass http://segue_fastapi;
    }}

    location @segue_unsent {{
        proxy_next_upstream error timeout;
        proxy_intercept_errors on;
        error_page 501 = @segue_left;
        error_page 503 = @segue_full;
        proxy_pass http://segue_fastapi;
    }}

    location @segue_once {{
        proxy_next_upstream off;
        proxy_intercept_errors on;
        error_page 501 = @segue_left;
        error_page 503 = @segue_full;
        proxy_pass http://segue_fastapi;
    }}

    # FastAPI did nothing and says so: Django gets the request with its body.
    location @segue_left {{
        if ($upstream_http_x_segue_unserved = "") {{
            return 501;
        }}
        proxy_next_upstream off;
        proxy_pass http://segue_django;
    }}

    # The same where it got no connection to the database.
    location @segue_full {{
        if ($upstream_http_x_segue_unserved = "") {{
            return 503;
        }}
        proxy_next_upstream off;
        proxy_pass http://segue_django;
    }}
}}
"""


def _map(source: str, name: str, lines: list[str]) -> str:
    return f"map {source} {name} {{\n" + "\n".join(lines) + "\n}\n"


def _comment(rule: Rule) -> str:
    return rule.key.replace("\n", " ")
