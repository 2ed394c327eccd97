"""Policy classes of a view that are driven in ways that no rule looks at: refused.

Sources: ``APIView.get_content_negotiator``, and every place of DRF that makes an object of a policy class and asks it.
"""

from __future__ import annotations

from collections.abc import Iterator

from segue.snapshot.model import Value
from segue.translate.redefined import place, redefined
from segue.translate.serializers.facts import rest_setting
from segue.translate.specialise.endpoint import Endpoint

_NEGOTIATION = "rest_framework.negotiation.DefaultContentNegotiation"
_POLICIES = (
    "renderer_classes", "parser_classes", "authentication_classes", "throttle_classes", "permission_classes",
    "filter_backends", "pagination_class",
)  # fmt: skip


def check_policies(endpoint: Endpoint) -> None:
    """Refuse another content negotiation than DRF's, formats within a URL, and policy classes with special methods of Python.

    ``__init__`` and DRF's own methods are looked at by the rules of each kind of policy. Raises ``Refused``.
    """
    negotiation = endpoint.policy("content_negotiation_class")
    if negotiation.name != _NEGOTIATION:
        raise endpoint.refuse(
            "content-negotiation",
            negotiation.name or str(negotiation.data),
            "Only DRF's DefaultContentNegotiation is translated.",
        )
    suffix = rest_setting(endpoint.ctx, "FORMAT_SUFFIX_KWARG", "format")
    if suffix and any(p.name == suffix for p in endpoint.route.parameters):
        raise endpoint.refuse(
            "content-negotiation",
            f"<{suffix}> in {endpoint.route.path}",
            "DRF takes an argument of that name for the format of the answer, and answers 404 to one that it has no renderer for.",
        )
    for policy in _POLICIES:
        for cls in _classes(endpoint.policy(policy)):
            for _, dotted in redefined(endpoint.ctx, cls, ("__init__",), special_only=True):
                raise endpoint.refuse(
                    "policy-class",
                    dotted,
                    "Python calls it whenever DRF uses the class; Segue does not know what it changes.",
                    place(endpoint.ctx, dotted, endpoint.view.where),
                )


def _classes(value: Value) -> Iterator[str]:
    """Names of the classes in a policy: a class, a list of them, operands of ``&``, ``|`` and ``~``."""
    if value.name:
        yield value.name
    for item in value.items:
        yield from _classes(item)
    for _, item in value.pairs:
        yield from _classes(item)
