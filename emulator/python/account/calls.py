"""The record of every API call: the caller, the IAM action, the resource and the result.

Tests compare it with the policies.  AWS has CloudTrail and access analyzer for this.  Calls that a service makes
with a function's role, such as polling its queue, are in it too, marked with the service.
"""

import threading
import time
from collections import deque
from contextvars import ContextVar

from ministack.core.responses import get_account_id, get_region

from . import caller

KEPT_MAX = 50_000

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


def note(action: str, resource: str, allowed: bool) -> None:
    """Notes a check of the current request."""
    checks = _checks.get()
    if checks is not None:
        checks.append((action, resource, allowed))
