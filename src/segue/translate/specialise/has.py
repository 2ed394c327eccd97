"""Whether a view has an attribute: ``hasattr(self, "action_permissions")`` in a mixin that some views give one."""

from __future__ import annotations

import re

from segue.translate.specialise.endpoint import EMPTY, Endpoint

# What ``View.setup``, ``as_view``, ``APIView.dispatch`` and ``ViewSetMixin`` put on the object.
_BY_FRAMEWORK = frozenset(
    {
        "action", "action_map", "actions", "args", "basename", "cls", "description", "detail", "format_kwarg",
        "head", "headers", "initkwargs", "kwargs", "name", "request", "response", "suffix",
    }
)  # fmt: skip


def has_attribute(endpoint: Endpoint, name: str) -> bool | None:
    """What ``hasattr(self, name)`` says in every request; None where that is not known.

    False only where no class has it and no code of the snapshot puts anything of that name anywhere.
    """
    known = endpoint.klass()
    if known is None or name in known.methods or name.startswith("_"):
        return None  # a property may raise ``AttributeError``
    if endpoint.declared(name) is not EMPTY:
        return True
    hooks = ("__getattr__", "__getattribute__")
    if (
        name in _BY_FRAMEWORK
        or name in endpoint.view.policies
        or any(hook in known.methods for hook in hooks)
    ):
        return None
    put = _put(endpoint)
    return None if name in put or None in put else False


def _put(endpoint: Endpoint) -> set[str | None]:
    """The names of attributes that code of the snapshot sets on anything; None where the view may be given some by computed names."""
    known = endpoint.klass()
    mro = frozenset(known.mro) if known is not None else frozenset()
    memo = endpoint.ctx.memo.get(("attributes put", mro))
    if isinstance(memo, set):
        return memo
    found: set[str | None] = set()
    for function in endpoint.ctx.snapshot.functions.values():
        if not function.name.startswith(("django.", "rest_framework.")):
            found |= set(_ASSIGNED.findall(function.source)) | set(_NAMED.findall(function.source))
            owner = function.owner or function.name.rpartition(".")[0]
            if any(_may_be_view(target, owner, mro) for target in _computed(function.source)):
                found.add(None)
    endpoint.ctx.memo[("attributes put", mro)] = found
    return found


# ``x.name = …``, ``x.name: T = …``, ``x.name += …``, ``x.name, y = …``.
_ASSIGNED = re.compile(r"\.(\w+)\s*(?::[^=\n]+|,[^=\n]*)?(?:[-+|&*/@%]|//|\*\*)?=(?!=)")
_NAMED = re.compile(r"\bsetattr\(\s*[\w.]+\s*,\s*[\"'](\w+)[\"']")
_COMPUTED = re.compile(r"\bsetattr\(\s*([^,]+),\s*(?![\"'])|([\w.]+)\.__dict__\b|\bvars\(([^)]*)\)")


def _computed(source: str) -> list[str]:
    return [next(filter(None, found), "").strip() for found in _COMPUTED.findall(source)]


def _may_be_view(target: str, owner: str, mro: frozenset[str]) -> bool:
    """``self`` is the view in its own methods; whatever else may be it, wherever code calls it so."""
    return owner in mro if target == "self" else owner in mro or "view" in target.lower()


__all__ = ["has_attribute"]
