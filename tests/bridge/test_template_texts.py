"""``gettext`` and ``ngettext`` of templates say what ``{% translate %}`` and ``{% blocktranslate %}`` say, escaped alike."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from segue_bridge import translation, zone
from segue_bridge.templates import environment
from segue_bridge.templates.environment import Templates
from segue_bridge.templates.safe import SafeText

TEXTS = """\
msgid ""
msgstr ""
"Language: fr\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "It's here"
msgstr "C'est <b>là</b>"

msgid "Hello %(name)s, 100%%"
msgstr "Bonjour %(name)s, 100%%"

msgid "%(n)s book of %(name)s"
msgid_plural "%(n)s books of %(name)s"
msgstr[0] "%(n)s livre de %(name)s"
msgstr[1] "%(n)s livres de %(name)s"

msgid "Bad %(name)s"
msgstr "Mauvais %(other)s"
"""
DJANGO = """\
{% load i18n %}{% trans "It's here" %}|{% trans "It's <i>not</i>" %}
{% blocktrans %}Hello {{ name }}, 100%{% endblocktrans %}|{% blocktrans %}Bad {{ name }}{% endblocktrans %}
{% blocktrans count n=n %}{{ n }} book of {{ name }}{% plural %}{{ n }} books of {{ name }}{% endblocktrans %}
"""
SERVICE = """\
{{ gettext("It's here") }}|{{ gettext("It's <i>not</i>") }}
{{ gettext("Hello %(name)s, 100%%", name=name) }}|{{ gettext("Bad %(name)s", name=name) }}
{{ ngettext("%(n)s book of %(name)s", "%(n)s books of %(name)s", n, n=n, name=name) }}
"""
IN_DJANGO = """
import json, sys
import django
from django.conf import settings
from django.template import Context, Engine
given = json.load(sys.stdin)
settings.configure(USE_I18N=True, LANGUAGE_CODE="fr", LOCALE_PATHS=[given["folder"]])
django.setup()
template = Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string
print(json.dumps([template(given["text"]).render(Context(one, autoescape=on)) for one in given["contexts"] for on in (True, False)]))
"""
CONTEXTS = [{"name": "O'Neil & <b>", "n": n} for n in (0, 1, 2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same texts as Django finds them and as a service has them; a template that escapes, and one that does not."""
    compiled = tmp_path / "django" / "fr" / "LC_MESSAGES" / "django.mo"
    compiled.parent.mkdir(parents=True)
    (tmp_path / "fr.po").write_text(TEXTS, encoding="utf-8")
    with (tmp_path / "fr.po").open("rb") as source, compiled.open("wb") as made:
        write_mo(made, read_po(source))
    (tmp_path / "True.html").write_text(SERVICE, encoding="utf-8")
    plain = f"{{% autoescape false %}}{SERVICE}{{% endautoescape %}}"
    (tmp_path / "False.html").write_text(plain, encoding="utf-8")
    return tmp_path


def test_texts_of_templates_are_djangos(folder: Path) -> None:
    given = {"folder": str(folder / "django"), "text": DJANGO, "contexts": CONTEXTS}
    asked = subprocess.run(
        [sys.executable, "-c", IN_DJANGO],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    templates = Templates(folder)
    translation.begin("fr", translation.Catalogues(folder, "en"))
    try:
        shown = [templates.render(f"{on}.html", one) for one in CONTEXTS for on in (True, False)]
    finally:
        translation.end()
    assert [text.rstrip() for text in shown] == [text.rstrip() for text in json.loads(asked.stdout)]
    assert "C'est <b>là</b>" in shown[0]


def test_safe_text_put_together_is_escaped(tmp_path: Path) -> None:
    """``f"{name}<3"`` of a safe name is a text like any other."""
    joined = f"{mark_safe('<b>')}<3"
    (tmp_path / "joined.txt").write_text('{{ (name ~ "<3") }}', encoding="utf-8")
    shown = Templates(tmp_path).render("joined.txt", {"name": SafeText("<b>")})
    assert shown == conditional_escape(joined)


NOW = """
import os, sys, types
import django
from django.template import Context, Engine, defaulttags
from datetime import datetime
sys.modules["own"] = types.ModuleType("own")
vars(sys.modules["own"]).update(USE_TZ=False, TIME_ZONE=sys.argv[1], SECRET_KEY="x")
os.environ["DJANGO_SETTINGS_MODULE"] = "own"  # with a module Django sets the clock of its process
django.setup()
class Frozen(datetime):
    now = classmethod(lambda cls, tz=None: datetime.fromtimestamp(int(sys.argv[2]), tz))
defaulttags.datetime = Frozen
print(Engine().from_string('{% now "Y-m-d H:i" %}').render(Context()))
"""


class Frozen(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Frozen:
        return cls.fromtimestamp(1_700_000_001, tz)


def test_now_is_the_clock_of_djangos_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``USE_TZ`` Django asks the clock of its process, which runs in ``TIME_ZONE``."""
    asked = subprocess.run(
        [sys.executable, "-c", NOW, "Asia/Kathmandu", "1700000001"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (tmp_path / "now.txt").write_text('{{ now("Y-m-d H:i") }}', encoding="utf-8")
    monkeypatch.setattr(zone, "datetime", Frozen)
    monkeypatch.setattr(environment, "datetime", Frozen)
    zone.configure("Asia/Kathmandu", use_tz=False)
    try:
        assert Templates(tmp_path).render("now.txt") == asked.stdout.strip()
    finally:
        zone.configure()
