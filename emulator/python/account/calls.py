"""The record of every API call: the caller, the IAM action, the resource and the result.

Tests compare it with the policies.  AWS has CloudTrail and access analyzer for this.  Calls that a service makes
with a function's role, such as polling its queue, are in it too, marked with the service.
"""

import threading
import time
from collections import deque
from contextvars import ContextVar

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

from . import caller

KEPT_MAX = 50_000

_enforce = iam_evaluator.enforce
_checks: ContextVar[list | None] = ContextVar("s3guard_checks", default=None)
_kept: deque[dict] = deque(maxlen=KEPT_MAX)
_lock = threading.Lock()
_count = 0


def begin() -> list:
    """Starts to collect the IAM checks of the current request."""
    checks: list = []
    _checks.set(checks)
    return checks


def end(checks: list, service: str, action: str | None, resource: str, status: int, error: str) -> None:
    """Records the request: one entry for each IAM action that was checked."""
    principal = caller.arn(caller.access_key.get())
    for checked_action, checked_resource, allowed in checks or [(action, resource, status not in (401, 403))]:
        record(principal, service, checked_action, checked_resource, allowed, status, error)


def record(
    principal: str, service: str, action: str | None, resource: str, allowed: bool,
    status: int = 200, error: str = "", by: str = "",
) -> None:
    """Records one call.  `by` names the service that made it with the principal's permissions."""
    global _count
    entry = {
        "at": time.time(),
        "account": get_account_id(),
        "region": get_region(),
        "principal": principal,
        "role": caller.role_name(principal) or None,
        "service": service,
        "action": action,
        "resource": resource,
        "allowed": allowed,
        "status": status,
        "error": error,
        "by": by or None,
    }
    with _lock:
        _count += 1
        entry["number"] = _count
        _kept.append(entry)


def of(account: str) -> list[dict]:
    """The account's calls, oldest first."""
    with _lock:
        return [entry for entry in _kept if entry["account"] == account]


def forget(account: str) -> None:
    """Deletes the account's calls."""
    with _lock:
        left = [entry for entry in _kept if entry["account"] != account]
        _kept.clear()
        _kept.extend(left)


def role_allows(role: str, action: str, resource: str, service: str) -> bool:
    """Whether the role's own policies allow a call that `service` makes for it; records the call."""
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{service}",
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={},
    )
    policies = iam_evaluator._gather_role_policies(role, get_account_id())
    allowed = iam_evaluator.evaluate(context, policies).decision == "Allow"
    status, error = (200, "") if allowed else (403, "AccessDenied")
    record(context.principal_arn, action.split(":")[0], action, resource, allowed, status, error, service)
    return allowed


def _enforce_and_record(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    denied = _enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    checks = _checks.get()
    if checks is not None:
        checks.append((iam_action, resource_arn, denied is None))
    return denied


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    iam_evaluator.enforce = _enforce_and_record
