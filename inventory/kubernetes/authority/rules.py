"""Whether one rule allows one request, as `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac` decides it."""

from __future__ import annotations

from inventory.kubernetes.rbac import PolicyRule

ALL = "*"
EVERYTHING = PolicyRule((ALL,), (ALL,), (ALL,))
EVERY_URL = PolicyRule((ALL,), non_resource_urls=(ALL,))


def allows(rule: PolicyRule, verb: str, group: str, resource: str, name: str = "", subresource: str = "") -> bool:
    """A request for a resource. `name` is "" for lists and for what is being created.

    `pods/*` is a resource of that name and matches nothing; `*/scale` is that subresource of everything.
    """
    return (
        (verb in rule.verbs or ALL in rule.verbs)
        and (group in rule.api_groups or ALL in rule.api_groups)
        and covers(rule, resource, subresource)
        and (not rule.resource_names or name in rule.resource_names)
    )


def covers(rule: PolicyRule, resource: str, subresource: str = "") -> bool:
    """Whether the rule's resources name this one."""
    asked = f"{resource}/{subresource}" if subresource else resource
    found = rule.resources
    return asked in found or ALL in found or bool(subresource and f"*/{subresource}" in found)


def allows_url(rule: PolicyRule, verb: str, path: str) -> bool:
    """A request for what is no resource: `/metrics`, `/healthz`, `/logs/`."""
    if verb not in rule.verbs and ALL not in rule.verbs:
        return False
    for one in rule.non_resource_urls:
        if one in (ALL, path) or (one.endswith(ALL) and path.startswith(one.rstrip(ALL))):
            return True
    return False


def is_everything(rule: PolicyRule) -> bool:
    """Whether it allows every verb on every resource."""
    return ALL in rule.verbs and ALL in rule.api_groups and ALL in rule.resources and not rule.resource_names


def written(rule: PolicyRule) -> str:
    """The rule in one line, as evidence shows it."""
    if not rule.resources and rule.non_resource_urls:
        return f"{_list(rule.verbs)} on {_list(rule.non_resource_urls)}"
    groups = "" if rule.api_groups in ((), ("",)) else f" of {_list(tuple(one or 'core' for one in rule.api_groups))}"
    names = f" named {_list(rule.resource_names)}" if rule.resource_names else ""
    return f"{_list(rule.verbs)} on {_list(rule.resources)}{groups}{names}"


def _list(words: tuple[str, ...], most: int = 8) -> str:
    shown = ", ".join(words[:most])
    return f"{shown}, and {len(words) - most} more" if len(words) > most else shown or "nothing"
