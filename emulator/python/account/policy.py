"""Policies as IAM evaluates them: which statements match a request, and what all policies together decide.

An explicit deny wins.  In one account, an Allow of the identity's policies or of the resource's own policy is enough; a
permissions boundary and session policies limit the identity's.  Source: IAM User Guide, "Policy evaluation logic" and
"JSON policy element reference".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from . import conditions
from .conditions import as_list

ACCOUNT_ID_DIGITS = 12

# How a statement of a resource's policy names the caller.
DIRECTLY = "directly"  # its user, its session, its service, or the root user itself: nothing limits what is granted
BY_ROLE = "by role"  # its role, or everyone: a permissions boundary limits what is granted
BY_ACCOUNT = "by account"  # its account: the identity's own policies decide


@dataclass(frozen=True)
class Principal:
    """Who calls."""

    arn: str
    """As messages name it: the session of a role, or the service."""
    kind: str
    """`Root`, `User`, `AssumedRole` or `Service`."""
    account: str = ""
    identity: str = ""
    """`aws:PrincipalArn`: for a session, its role with the path."""


@dataclass(frozen=True)
class Request:
    """One call."""

    principal: Principal
    action: str
    resource: str
    keys: Mapping = field(default_factory=dict)
    """The condition keys in lower case; a value is a text or a list of texts."""


@dataclass(frozen=True)
class Policies:
    """All policies that count for a request."""

    identity: tuple | None = ()
    """The identity's policies; none for the root user, who may do everything in its account."""
    limits: tuple = ()
    """A permissions boundary and session policies: their kind, and their documents."""
    resource: str | dict | None = None
    owner: str = ""
    """The resource's account; the caller's if it is empty."""
    required: bool = False
    """Whether the resource's policy must allow, too: of a key, and the trust policy of a role."""


@dataclass(frozen=True)
class Decision:
    """What the policies decide."""

    allowed: bool
    reason: str
    explicit: bool = False
    by_resource: bool = False


@dataclass(frozen=True)
class Statement:
    """A statement, with lists where the document has one item or a list."""

    allows: bool
    principal: dict | None
    not_principal: dict | None
    actions: tuple
    not_actions: tuple
    resources: tuple
    not_resources: tuple
    conditions: tuple


def parse(document: str | dict | None) -> tuple[Statement, ...]:
    """The statements of a document; none if it is not valid."""
    if not document:
        return ()
    return _parse(document if isinstance(document, str) else json.dumps(document))


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[Statement, ...]:
    try:
        document = json.loads(text)
    except ValueError:
        return ()
    statements = as_list(document.get("Statement")) if isinstance(document, dict) else []
    return tuple(_statement(one) for one in statements if isinstance(one, dict))


def _statement(given: dict) -> Statement:
    def texts(name: str) -> tuple:
        return tuple(str(one) for one in as_list(given.get(name)))

    blocks = given.get("Condition") or {}
    return Statement(
        allows=given.get("Effect") == "Allow",
        principal=_principals(given.get("Principal")),
        not_principal=_principals(given.get("NotPrincipal")),
        actions=texts("Action"),
        not_actions=texts("NotAction"),
        resources=texts("Resource"),
        not_resources=texts("NotResource"),
        conditions=tuple(
            (operator, key, tuple(conditions.as_text(one) for one in as_list(values)))
            for operator, keys in blocks.items()
            for key, values in keys.items()
        ),
    )


def _principals(given: object) -> dict | None:
    if given is None:
        return None
    if isinstance(given, str):
        return {"AWS": [given]}
    return {kind: as_list(names) for kind, names in given.items()}


def _applies(statement: Statement, request: Request) -> bool:
    """Whether the statement matches the request of any caller."""
    def matches(patterns: tuple, text: str, ignore_case: bool) -> bool:
        return any(conditions.like(pattern, text, request.keys, ignore_case) for pattern in patterns)

    if statement.actions and not matches(statement.actions, request.action, ignore_case=True):
        return False
    if statement.not_actions and matches(statement.not_actions, request.action, ignore_case=True):
        return False
    # A trust policy names no resource.
    if statement.resources and not matches(statement.resources, request.resource, ignore_case=False):
        return False
    if statement.not_resources and matches(statement.not_resources, request.resource, ignore_case=False):
        return False
    return conditions.are_met(statement.conditions, request.keys)


def _names(names: dict, principal: Principal) -> set[str]:
    """How the principals name the caller; nothing if they do not."""
    found = set()
    if principal.kind == "Service" and principal.arn in names.get("Service", ()):
        found.add(DIRECTLY)
    for name in names.get("AWS", ()):
        if name == "*":
            found.add(BY_ROLE)
        elif principal.kind == "Service":
            continue
        elif name == principal.arn:
            found.add(DIRECTLY)
        elif name == principal.identity:
            found.add(BY_ROLE if principal.kind == "AssumedRole" else DIRECTLY)
        elif _account(name) == principal.account:
            found.add(DIRECTLY if principal.kind == "Root" else BY_ACCOUNT)
    return found


def _account(name: str) -> str | None:
    """The account that a principal names: by its number or by its root user."""
    if len(name) == ACCOUNT_ID_DIGITS and name.isdigit():
        return name
    return name.split(":")[4] if name.endswith(":root") and name.count(":") > 4 else None


def _concerns(statement: Statement, principal: Principal) -> set[str]:
    """How a statement of a resource's policy names the caller."""
    if statement.principal is not None:
        return _names(statement.principal, principal)
    if statement.not_principal is None:
        return set()
    # Everyone but those listed.  A session is excluded if its session, its role and its account are listed.
    wanted = {principal.arn, principal.identity or principal.arn}
    listed = {name for names in statement.not_principal.values() for name in names}
    if principal.kind != "Service":
        accounts = {_account(name) for name in listed}
        if principal.account not in accounts:
            return {BY_ROLE}
    if principal.kind == "Root" or wanted <= listed or "*" in listed:
        return set()
    return {BY_ROLE}


def _any(documents: tuple, request: Request, allows: bool) -> bool:
    return any(
        statement.allows == allows and _applies(statement, request)
        for document in documents
        for statement in parse(document)
    )


def decide(request: Request, policies: Policies) -> Decision:
    """Evaluates all policies."""
    layers = [("identity-based policy", policies.identity or ()), *policies.limits]
    for kind, documents in layers:
        if _any(documents, request, allows=False):
            return Decision(False, f"with an explicit deny in {_article(kind)} {kind}", explicit=True)
    grants: set[str] = set()
    for statement in parse(policies.resource):
        if (named := _concerns(statement, request.principal)) and _applies(statement, request):
            if not statement.allows:
                reason = "with an explicit deny in a resource-based policy"
                return Decision(False, reason, explicit=True, by_resource=True)
            grants |= named
    return _allowed(request, policies, grants)


def _allowed(request: Request, policies: Policies, grants: set[str]) -> Decision:
    principal = request.principal
    allowed = Decision(True, "allowed")
    if principal.kind == "Service":
        return allowed if grants else _no("resource-based policy", request)
    own = policies.owner in ("", principal.account)
    short = [kind for kind, documents in policies.limits if not _any(documents, request, allows=True)]
    if own and (DIRECTLY in grants or (BY_ROLE in grants and not short)):
        return allowed
    if (policies.required or not own) and not grants:
        return _no("resource-based policy", request)
    if policies.identity is not None and not _any(policies.identity, request, allows=True):
        return _no("identity-based policy", request)
    return _no(short[0], request) if short else allowed


def _no(kind: str, request: Request) -> Decision:
    by_resource = kind == "resource-based policy"
    return Decision(False, f"because no {kind} allows the {request.action} action", by_resource=by_resource)


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiou" else "a"
