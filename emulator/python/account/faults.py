"""Faults: a test holds calls or makes them fail.

A fault matches calls by IAM action, role and resource.  It lets `skip` of them pass, and then holds or fails
`times` of them: with an `error` they fail with this AWS error, without one they wait until they are released.  If
the caller of a held call ends, the call is not carried out.
"""

import asyncio
import itertools
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

# HTTP status and message, as S3, CloudFormation and KMS word them.
ERRORS = {
    "AccessDenied": (403, "Access Denied"),
    "AccessDeniedException": (400, "You are not authorized to perform this action"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "NotFound": (404, "Topic does not exist"),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "OperationAborted": (
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    ),
    "KMSInternalException": (500, "The request was rejected because an internal exception occurred."),
    "ServiceUnavailable": (503, "Please reduce your request rate."),
    "SlowDown": (503, "Please reduce your request rate."),
    "Throttling": (400, "Rate exceeded"),
    "ThrottlingException": (400, "You have exceeded the rate at which you may call KMS."),
}


@dataclass
class Fault:
    """One fault."""

    number: int
    account: str
    action: str
    role: str
    resource: str
    error: str | None
    message: str | None
    skip: int
    times: int
    met: int = 0
    holding: int = 0
    passed: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def matches(self, account: str, action: str, role: str, resource: str) -> bool:
        """Whether the fault applies to the call."""
        return (
            self.met < self.times
            and self.account == account
            and fnmatchcase(action, self.action)
            and fnmatchcase(role, self.role)
            and fnmatchcase(resource, self.resource)
        )

    def answer(self) -> tuple[int, str]:
        """The HTTP status and the message: AWS's, or the test's."""
        status, message = ERRORS[self.error]
        return status, self.message or message

    def state(self) -> dict:
        """Its number and its progress."""
        return {"number": self.number, "met": self.met, "holding": self.holding}


_faults: dict[int, Fault] = {}
_numbers = itertools.count(1)


def add(account: str, given: dict) -> Fault:
    """Adds a fault.  Raises `ValueError` for an unknown error code."""
    if given["error"] and given["error"] not in ERRORS:
        raise ValueError(f"the code `{given['error']}` is not one of {', '.join(sorted(ERRORS))}")
    fault = Fault(number=next(_numbers), account=account, **given)
    _faults[fault.number] = fault
    return fault


def of(account: str) -> list[Fault]:
    """The account's faults."""
    return [fault for fault in _faults.values() if fault.account == account]


def release(fault: Fault) -> None:
    """Releases the calls that it holds, and lets all later ones pass."""
    fault.times = 0
    fault.release.set()


def forget(account: str) -> None:
    """Deletes the account's faults and releases the calls that they hold."""
    for fault in of(account):
        release(fault)
        del _faults[fault.number]


def meeting(account: str, action: str, role: str, resource: str) -> Fault | None:
    """The fault that applies to this call, counted."""
    for fault in _faults.values():
        if fault.matches(account, action, role, resource):
            if fault.passed < fault.skip:
                fault.passed += 1
                continue
            fault.met += 1
            return fault
    return None


async def wait(fault: Fault, receive) -> bool:
    """Waits for the release.  Returns whether the caller is still connected."""
    fault.holding += 1
    released = asyncio.ensure_future(fault.release.wait())
    left = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait([released, left], return_when=asyncio.FIRST_COMPLETED)
        return released.done()
    finally:
        fault.holding -= 1
        released.cancel()
        left.cancel()


async def _left(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
