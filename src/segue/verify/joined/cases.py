"""Requests derived from live views: paths, personas, queries, bodies, methods; deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from . import live, payloads
from .alike import ALIKE, alike, held
from .api_keys import programs_for
from .by_class import ByClass
from .dense import combinations, dense
from .following import SEEN, Seen, damaged, worth_following
from .literals import Literals, literals_of
from .paths import paths_of
from .personas import Persona, owners, people_for
from .plain import with_token
from .queries import known_parameters, queries_of
from .requests import ACCEPTS, RAW_BODIES, as_form, as_json, as_multipart, case
from .surroundings import FILES, languages, spoken, zones
from .translated import Said, again, in_language

Case = dict[str, Any]
Operation = dict[str, Any]
_METHODS = ("OPTIONS", "HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO")


class Generator:
    """Cases for the ``operations`` of a spec."""

    def __init__(self, operations: list[Operation], known: list[Persona], seed: int) -> None:
        self.operations, self.known, self.seed = operations, known, seed
        self._welcome: dict[str, list[tuple[str, str]]] = {}
        self.owners: dict[Any, Persona] = {}
        self.seen: dict[str, list[Seen]] = {}
        self.said: dict[str, Said] = {}
        self._people: dict[str, list[dict[str, Any]]] = {}
        self._telling: dict[str, list[Case]] = {}

    def plans(self) -> list[tuple[Operation, Plan]]:
        """One plan per operation."""
        seen: set[str] = set()
        out: list[tuple[Operation, Plan]] = []
        for operation in self.operations:
            first = operation["path"] not in seen
            seen.add(operation["path"])
            out.append((operation, Plan(operation, self, first)))
        self._people = {operation["key"]: plan.people for operation, plan in out}
        return out

    def people_of(self, key: str) -> list[dict[str, Any]]:
        """The personas of an operation, the simplest first."""
        return self._people[key]

    def learn(self, sent: Case, answer: dict[str, Any], *, fresh: bool = False) -> None:
        """Remember who got through, and where: such requests are worth varying; and so are those that reached a
        branch for the first time (``fresh``). ``answer`` is Django's."""
        status = answer["status"]
        seen = self.seen.setdefault(sent["key"], [])
        if status < 300 and len(seen) < SEEN:
            found = worth_following(sent, answer)
            if found is not None and found[2:] not in [s[2:] for s in seen]:
                seen.append(found)
        self.said.setdefault(sent["key"], Said()).hear(sent, answer)
        if fresh and not sent.get("steps"):
            telling = self._telling.setdefault(sent["key"], [])
            if len(telling) < 40:
                telling.append(sent)
        if status < 300 and sent["method"] not in ("OPTIONS", "HEAD"):
            known = self._welcome.setdefault(sent["key"], [])
            if (sent["persona"], sent["path"]) not in known and len(known) < 60:
                known.append((sent["persona"], sent["path"]))

    def telling(self, key: str) -> list[Case]:
        """Cases that reached a new branch of an operation."""
        return self._telling.get(key, [])

    def welcome(self, key: str) -> list[tuple[str, str]]:
        """(persona, path) pairs that an operation has let through so far."""
        return self._welcome.get(key, [])


def _named(view: Any) -> Iterable[Any]:
    """Models that the code of a view names which does not say what it serves: its keys may be theirs."""
    function = getattr(view, str(getattr(view, "action", None)), None)
    roots = [getattr(view, "function", function), type(view)]
    return literals_of([root for root in roots if root is not None]).models if view is not None else ()


class Plan:
    """The cases of one operation. ``first``: it is the first of its path, and tries other methods too."""

    def __init__(self, operation: Operation, generator: Generator, first: bool) -> None:
        self.op, self.generator, self.first = operation, generator, first
        self.pick = random.Random(f"{generator.seed}{operation['key']}")
        draft = paths_of(operation, None, ("", ""), self.pick)[0][1]
        view = live.view_of(operation, draft)
        lookup = (operation["lookup_kwarg"], operation["lookup"]) if view is not None else ("", "")
        model = live.model_of(view, operation) if view is not None else None
        self.paths = paths_of(operation, model, lookup, self.pick, _named(view) if model is None else ())
        self.good = [path for label, path in self.paths if label == "existing"] or [self.paths[0][1]]
        self.view = live.view_of(operation, self.good[0]) or view
        self.model = model
        known = generator.known
        if model is not None:
            known = [*known, *owners(model, known, generator.owners)]
        authenticators = live.authenticators_of(self.view)
        by_session_last = bool(operation.get("sessions_left"))
        self.people = [*people_for(authenticators, known, by_session_last), *programs_for(self.view)]
        if operation.get("csrf"):
            self.people.insert(1, with_token())
        self.anonymous = self.people[0]
        self.serializer = live.serializer_of(self.view, operation) if self.view is not None else None
        self.by_class = ByClass(self.serializer, operation, model)
        if self.by_class.choices:
            self.serializer = self.by_class.choices[0][0]
        self._at = self.good[0]
        self._number = 5000
        self._known_paths: dict[str, bool] = {}
        self._parameters: list[tuple[str, str]] | None = None
        self._literals: Literals | None = None

    def cases(self) -> Iterator[Case]:
        """Everything, the most telling first of each group, groups mixed."""
        groups: list[Iterator[Case | None]] = [
            self._people(),
            self._nowhere(),
            self._methods(),
            self._shapes(),
        ]
        if self.op["method"] in ("POST", "PUT", "PATCH"):
            groups += [
                self._files(),
                self._dense(),
                self._broken(),
                self._raw(),
                self._forms(),
                self._valid(),
                self._selfish(),
                self._again(),
                self._by_code(),
            ]
        elif self.op["method"] == "DELETE" and self.op.get("data_keys"):
            groups.append(self._named_rows())
        said = self.generator.said.setdefault(self.op["key"], Said())
        groups += [self._queries(), self._followed(), self._often()]
        languages, repeats = spoken(), again(said)
        for number, given in enumerate(_mixed(groups)):
            if self.elsewhere(given["path"]):
                continue
            if languages and number % 6 == 5:
                given = in_language(given, languages[number // 6 % len(languages)])
            yield given
            repeated = next(repeats, None) if number % 2 else None
            if repeated is not None:
                yield repeated

    def elsewhere(self, path: str) -> bool:
        """Whether ``path`` leads to what the generated service does not have."""
        if path not in self._known_paths:
            self._known_paths[path] = live.elsewhere(path)
        return self._known_paths[path]

    # who and where

    def _people(self) -> Iterator[Case]:
        """Everybody on the first object, somebody on each other one, then everybody everywhere."""
        for person in self.people:
            yield case(self.op, "existing", self.good[0], person, body=self._body())
        for path in self.good[1:]:
            yield case(self.op, "existing", path, self._insider(), body=self._body())
        for path in self.good[1:]:
            for person in self.people:
                yield case(self.op, "existing", path, person, body=self._body())

    def _nowhere(self) -> Iterator[Case]:
        wrong = [(label, path) for label, path in self.paths if label != "existing"]
        for person in (self._insider(), self.anonymous, *self.people[1:4]):
            for label, path in wrong:
                yield case(self.op, label, path, person, body=self._body())

    def _methods(self) -> Iterator[Case]:
        if not self.first:
            return
        for method in _METHODS:
            if method in self.op["methods"]:
                continue
            for person in (self._insider(), self.anonymous, *self.people[1:3]):
                yield case(self.op, f"method {method}", self.good[0], person, method=method)

    def _shapes(self) -> Iterator[Case]:
        person = self._insider()
        path = self._place(person)
        if path != "/":
            # No client sends an empty path, and Django's takes "//" for a host without a path.
            yield case(self.op, "no slash", path.rstrip("/"), person, body=self._body())
            yield case(self.op, "two slashes", f"{path}/", person, body=self._body())
        for what, headers in ACCEPTS:
            yield case(self.op, what, path, self._insider(), headers=headers, body=self._body())
        for what, headers in (*languages(), *zones()):
            yield case(self.op, what, path, self._insider(), headers=headers, body=self._body())
            yield case(self.op, what, self.paths[-1][1], self.anonymous, headers=headers, body=self._body())
        for text in ("json", "xml", "", "api2"):
            yield case(self.op, f"format={text}", path, person, query=f"format={text}", body=self._body())
        yield case(self.op, "suffix .json", f"{path.rstrip('/')}.json", person, body=self._body())
        yield case(self.op, "upper-case path", path.upper(), person)

    def _often(self) -> Iterator[Case | None]:
        """Rates that are used up, and used up but for one request, as those meet them who are let in."""
        throttles = live.throttles_of(self.view)
        for busy in ("full", "nearly") if throttles else ():
            yield case(self.op, "too often", self.good[0], self.anonymous, body=self._body(), busy=busy)
        for place in range(3 if throttles else 0):
            while place >= len(welcome := self.generator.welcome(self.op["key"])):
                yield None  # not yet
            name, path = welcome[place]
            person = next((p for p in self.people if p["name"] == name), self.anonymous)
            for busy in ("full", "nearly"):
                yield case(self.op, "too often", path, person, body=self._body(), busy=busy)

    # queries

    def _queries(self) -> Iterator[Case]:
        found = queries_of(self.view, self.op, self.pick, self.literals().values())
        if self.op["method"] != "GET":
            found = [*found[:30], *found[30::4]]  # filters reach get_object() too
        for what, query in found:
            person = self._insider()
            yield case(self.op, what, self._place(person), person, query=query, body=self._body())
        for what, query in found[::4]:
            for person in self.people[:4]:
                yield case(self.op, what, self.pick.choice(self.good), person, query=query, body=self._body())

    def _followed(self) -> Iterator[Case | None]:
        """What earlier answers lead to: links to other pages, whole and damaged; their validators."""
        people = {p["name"]: p for p in self.people}
        for place in range(SEEN):
            while place >= len(known := self.generator.seen.get(self.op["key"], [])):
                yield None  # not yet
            path, name, query, validators = known[place]
            person = people.get(name, self.anonymous)
            for what, headers in validators:
                yield case(self.op, what, path, person, headers=headers, body=self._body())
            for what, changed in damaged(query):
                yield case(self.op, what, path, person, query=changed)

    # bodies

    def _valid(self) -> Iterator[Case]:
        combined = list(combinations(self.serializer, self._values(), self.pick)) if self.serializer else []
        for index in range(30):
            person = self._insider()
            yield case(self.op, "valid", self._place(person), person, body=self._body())
            if index < len(combined):
                what, values = combined[index]
                person, values = self._insider(), {**self._values(), **values}
                yield case(self.op, what, self._place(person), person, body=self._json(values))

    def _dense(self) -> Iterator[Case]:
        words = self.literals().values()
        if self.serializer is None:
            keys = self.op.get("data_keys", ())
            found = [(f"the code's {w!r}"[:60], dict.fromkeys(keys, w)) for w in words] if keys else []
        else:
            found = list(dense(self.serializer, self._values(), words))
        for what, values in found:
            person = self._insider()
            # What is unique must be new in each body that is meant to be good.
            whole = {**self._values(), **values} if " may be" in what or "code's" in what else values
            yield case(self.op, what, self._place(person), person, body=self._json(whole))

    def _again(self) -> Iterator[Case]:
        """What is there already: a body that was just sent, and what other rows hold, as it is and in other words."""
        if self.serializer is None:
            return
        for what, change in ALIKE:
            person, values = self._insider(), self._values()
            steps = [
                {**case(self.op, "step", self._place(person), person, body=self._json(body)), "template": self.op["path"]}
                for body in (values, alike(self.serializer, values, change))
            ]  # fmt: skip
            yield {**steps[-1], "what": f"sent before, {what}", "steps": steps}
            for row in held(self.serializer):
                person = self._insider()
                body = alike(self.serializer, {**self._values(), **row}, change)
                yield case(
                    self.op, f"held before, {what}", self._place(person), person, body=self._json(body)
                )

    def _broken(self) -> Iterator[Case]:
        for what, wrong in self._wrong_bodies():
            person = self._insider()
            yield case(self.op, what, self._place(person), person, body=self._json(wrong))
        if self.op.get("envelope"):
            for wrong in (None, [], "text", 3, {}):
                person = self._insider()
                yield case(
                    self.op, f"envelope of {wrong!r}", self._place(person), person, body=self._json(wrong)
                )

    def _named_rows(self) -> Iterator[Case]:
        """A DELETE whose code reads a body: lists of rows that there are, and bodies of other kinds."""
        names = self.op["data_keys"]
        lists = list(payloads.lists_of_keys(self.model, self.pick))
        for person in self.people:
            for keys in lists[:2]:
                yield self._naming(names, keys, person)
        for keys in lists[2:]:
            yield self._naming(names, keys, self._insider())
        for what, wrong in payloads.guesses(names, self.pick):
            person = self._insider()
            yield case(self.op, what, self._place(person), person, body=self._json(wrong))

    def _naming(self, names: Sequence[str], keys: list[Any], person: dict[str, Any]) -> Case:
        what = f"rows {keys!r}"[:60]
        body = self._json(dict.fromkeys(names, keys))
        return case(self.op, what, self._place(person), person, body=body)

    def _by_code(self) -> Iterator[Case]:
        """Keys that the code reads by itself beside a serializer, which may be that of the answer: a log-in by name and password."""
        if self.serializer is None:
            return
        keys = self.op.get("data_keys", ())
        if all(key in self.serializer.fields for key in keys):
            return
        for what, body in [*payloads.credentials(keys, self.pick)[:6], *payloads.guesses(keys, self.pick)]:
            person = self._insider()
            whole = {**self._values(), **body} if isinstance(body, dict) else body
            yield case(self.op, what, self._place(person), person, body=self._json(whole))

    def _selfish(self) -> Iterator[Case]:
        """An object as its own parent, and every other pair."""
        names = payloads.self_relations(self.serializer) if self.serializer is not None else {}
        for name, keys in names.items():
            for path in self.good[:5] if self.op["method"] != "POST" else []:
                for key in keys[:6]:
                    body = {**({} if self.op["method"] == "PATCH" else self._values()), name: key}
                    yield case(
                        self.op,
                        f"{name}={key!r} of its own kind",
                        path,
                        self._insider(),
                        body=self._json(body),
                    )

    def _forms(self) -> Iterator[Case]:
        for index, (what, wrong) in enumerate(self._wrong_bodies()):
            if isinstance(wrong, dict) and index % 3 == 0:
                person = self._insider()
                encode, label = (as_form, "form") if index % 2 else (as_multipart, "multipart")
                yield case(self.op, f"{label}: {what}", self._place(person), person, body=encode(wrong))

    def _files(self) -> Iterator[Case]:
        """Uploads: good ones, and every way a file can be wrong."""
        fields = payloads.file_fields(self.serializer) or self.op.get("file_keys", [])
        for what, name, kind, content in FILES if fields else ():
            person = self._insider()
            sent = [(field, name, kind, content) for field in fields]
            yield case(self.op, what, self._place(person), person, body=as_multipart(self._values(), sent))

    def _raw(self) -> Iterator[Case]:
        for what, content, kind in RAW_BODIES:
            for person in (self._insider(), self.anonymous):
                yield case(self.op, what, self._place(person), person, body=(content, kind))

    def _wrong_bodies(self) -> list[tuple[str, Any]]:
        if self.serializer is not None:
            return payloads.broken(
                self.serializer, self._values(), self.pick, partial=self.op["method"] == "PATCH"
            )
        return payloads.guesses(self.op.get("data_keys", ()), self.pick)

    def _body(self) -> tuple[bytes, str]:
        if self.op["method"] not in ("POST", "PUT", "PATCH"):
            return b"", ""
        values = self._values()
        if self.op["method"] == "PATCH" and len(values) > 1 and self.pick.random() < 0.7:
            values = dict(self.pick.sample(list(values.items()), self.pick.randint(1, min(3, len(values)))))
        needed = payloads.file_fields(self.serializer, required=True)
        if needed and self.op["method"] != "PATCH":
            _what, name, kind, content = FILES[0]
            return as_multipart(values, [(field, name, kind, content) for field in needed])
        return self._json(values)

    def _json(self, values: Any) -> tuple[bytes, str]:
        """The body; under the name where the view's code looks for it, as a form where that is what it reads."""
        name = self.op.get("envelope")
        if self.op.get("forms") and isinstance(values, dict):
            return as_form(values)
        return as_json({name: values} if name else values)

    def _values(self) -> dict[str, Any]:
        self._number += 1
        chosen = self.by_class.pick(self._at, self.pick)
        if chosen is not None:
            return {**payloads.valid(chosen[0], self.pick, self._number), **chosen[1]}
        if self.serializer is not None:
            return payloads.valid(self.serializer, self.pick, self._number)
        found = payloads.guesses(self.op.get("data_keys", ()), self.pick)
        return next((v for _, v in found if isinstance(v, dict)), {})

    # for mixtures and sequences

    def literals(self) -> Literals:
        """What the project's code compares with in what the operation runs."""
        if self._literals is None:
            view = type(self.view) if self.view is not None else None
            serializer = type(self.serializer) if self.serializer is not None else None
            # Of the view itself: both may be properties.
            filters = [
                *live.listed(self.view, "filter_backends"),
                *live.listed(self.view, "permission_classes"),
            ]
            model = getattr(getattr(serializer, "Meta", None), "model", None)
            function = getattr(self.view, str(self.view.action), None) if view and self.view.action else None
            function = getattr(self.view, "function", function)  # a plain view
            self._literals = literals_of([serializer, function, view, model, *filters])
        return self._literals

    def parameters(self) -> list[tuple[str, str]]:
        """(name, value) of the query parameters that are known."""
        if self._parameters is None:
            self._parameters = known_parameters(self)
        return self._parameters

    def insiders(self) -> list[dict[str, Any]]:
        """Those who got through before."""
        welcome = {name for name, _ in self.generator.welcome(self.op["key"])}
        return [p for p in self.people if p["name"] in welcome]

    def places(self, person: dict[str, Any]) -> list[str]:
        """Paths on which the person got through before."""
        return [path for name, path in self.generator.welcome(self.op["key"]) if name == person["name"]]

    def _insider(self) -> dict[str, Any]:
        """Somebody who got through before; else anybody signed in."""
        inside = [p for p in self.insiders() if p["user"] is not None]
        signed_in = [p for p in self.people if p["user"] is not None]
        choice: dict[str, Any] = self.pick.choice(inside or signed_in or self.people)
        return choice

    def _place(self, person: dict[str, Any]) -> str:
        """A path on which the person got through before; else any that exists."""
        self._at = self.pick.choice(self.places(person) or self.good)
        return self._at


def _mixed(groups: Iterable[Iterator[Case | None]]) -> Iterator[Case]:
    """Three of the first group (everybody, everywhere), one of each other, until all are empty or have nothing yet."""
    left = list(groups)
    while left:
        yielded = False
        for index, group in enumerate(list(left)):
            for _ in range(3 if index == 0 else 1):
                try:
                    item = next(group)
                except StopIteration:
                    left.remove(group)
                    break
                if item is not None:
                    yielded = True
                    yield item
        if not yielded:
            return
