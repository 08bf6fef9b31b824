"""Calls that are held back or fail, because a test wants to see what happens then.

A fault matches calls by IAM action, and by role and resource if it names them.  It lets `skip` of them pass and then
meets `times` of them: `hold` makes a call wait until it is released (a caller that dies meanwhile is never
answered, and its call is not carried out), `error` answers with an AWS error.
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
    """One wish of a test."""

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
        """Whether the call is one of those."""
        return (
            self.met < self.times
            and self.account == account
            and fnmatchcase(action, self.action)
            and fnmatchcase(role, self.role)
            and fnmatchcase(resource, self.resource)
        )

    def answer(self) -> tuple[int, str]:
        """HTTP status and message: AWS's usual words, or those of the test."""
        status, message = ERRORS[self.error]
        return status, self.message or message

    def state(self) -> dict:
        """What a test may know of it."""
        return {"number": self.number, "met": self.met, "holding": self.holding}


_faults: dict[int, Fault] = {}
_numbers = itertools.count(1)


def add(account: str, wish: dict) -> Fault:
    """Takes up a test's wish.  Raises `ValueError` when it makes no sense."""
    if wish["error"] and wish["error"] not in ERRORS:
        raise ValueError(f"the code `{wish['error']}` is not one of {', '.join(sorted(ERRORS))}")
    fault = Fault(number=next(_numbers), account=account, **wish)
    _faults[fault.number] = fault
    return fault


def of(account: str) -> list[Fault]:
    """The account's faults."""
    return [fault for fault in _faults.values() if fault.account == account]


def release(fault: Fault) -> None:
    """Lets the calls that it holds go on, and all later ones."""
    fault.times = 0
    fault.release.set()


def forget(account: str) -> None:
    """Drops the account's faults and lets what they hold go on."""
    for fault in of(account):
        release(fault)
        del _faults[fault.number]


def meeting(account: str, action: str, role: str, resource: str) -> Fault | None:
    """The fault that this call meets, counted."""
    for fault in _faults.values():
        if fault.matches(account, action, role, resource):
            if fault.passed < fault.skip:
                fault.passed += 1
                continue
            fault.met += 1
            return fault
    return None


async def wait(fault: Fault, receive) -> bool:
    """Waits for the release.  Says whether the caller is still there."""
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
