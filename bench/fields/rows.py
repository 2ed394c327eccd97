"""Which rows both sides write, the same in every process. Standard library only."""

from collections import namedtuple

from bench.fields.loose import LOOSE
from bench.fields.values import values

# ``first`` is inserted, ``then`` written over it by an UPDATE; ``key`` is the id, None where a column is the key.
Row = namedtuple("Row", "key first then")


def rows(table, count, seed, ranges, aware=True):
    """``count`` rows, every second of which is changed, and one that leaves out what has a default."""
    seed = "{} {}".format(seed, table["model"])
    first = {c["name"]: values(c, count + 1, seed, ranges, aware) for c in table["columns"]}
    again = {
        c["name"]: values(c, count, seed + " again", ranges, aware)
        for c in table["columns"]
        if not c["distinct"]
    }
    for number in range(count):
        given = {name: found[number] for name, found in first.items()}
        then = {name: found[number] for name, found in again.items()} if number % 2 else {}
        yield Row(None if table["key"] else number + 1, given, then)
    if not table["key"]:
        left = {
            c["name"]: first[c["name"]][count]
            for c in table["columns"]
            if c["distinct"] or not c["has_default"]
        }
        yield Row(count + 1, left, {})


def loose(table, ranges):
    """Values for the one column of a table for values that do not fit."""
    column = table["columns"][0]
    found = list(LOOSE[column["kind"]])
    if column["kind"] == "range":
        for bounds in ("[)", "[]", "()", "(]"):
            found.append(ranges(column["params"]["item"], None, None, bounds))
    return found
