"""The caller of a request, as IAM resolves it and as CloudTrail records it."""

import time
from contextvars import ContextVar

from ministack import app as ministack
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, s3, sts

# The access key of the current request; what the request starts (for example a stack) inherits it.
access_key: ContextVar[str] = ContextVar("s3guard_access_key", default="")

# The key with which CloudFormation calls for the request, if the stack has a service role.
acting_key: ContextVar[str] = ContextVar("s3guard_acting_key", default="")
CLOUDFORMATION = "cloudformation.amazonaws.com"

# Our own client (`client.rs`) sends this instead of a signature, also in a presigned URL: its caller is trusted.
UNSIGNED = "Signature=none"

_pin = ministack.pin_signed_request
_verify_presigned_sigv4 = s3._verify_presigned_sigv4


def arn(key: str) -> str:
    """The principal's ARN, or nothing for an unknown key."""
    identity = iam_evaluator.resolve_caller_identity(key)
    return identity["userArn"] if identity else ""


def acting() -> str:
    """The access key with which a service calls for the request: of the service role, or of the caller."""
    return acting_key.get() or access_key.get()


def role_name(principal: str) -> str:
    """The role behind `arn:aws:sts::…:assumed-role/ROLE/SESSION`, or nothing."""
    return principal.split("/")[1] if ":assumed-role/" in principal else ""


def role_arn(name: str) -> str:
    """The role's own ARN.  Unlike the session's it has the IAM path, and rules match on it."""
    role = iam._roles.get(name)
    return role["Arn"] if role else f"arn:aws:iam::{get_account_id()}:role/{name}"


def user_identity(key: str, invoked_by: str = "") -> dict:
    """CloudTrail's `userIdentity`: a root user has no issuer, a user no session at all."""
    account, principal = get_account_id(), arn(key)
    started = {"creationDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "mfaAuthenticated": "false"}
    if role := role_name(principal):
        session = sts._sessions.get(key) or {}
        role_id = (iam._roles.get(role) or {}).get("RoleId", "AROA" + "0" * 17)
        issuer = {"type": "Role", "principalId": role_id, "arn": role_arn(role), "accountId": account, "userName": role}
        identity = {
            "type": "AssumedRole",
            "principalId": f"{role_id}:{principal.rsplit('/', 1)[-1]}",
            "arn": principal,
            "accountId": account,
            "accessKeyId": key,
            "sessionContext": {"sessionIssuer": issuer, "attributes": started},
        }
        if session.get("SourceIdentity"):
            identity["sessionContext"]["sourceIdentity"] = session["SourceIdentity"]
    elif ":user/" in principal:
        name = principal.rsplit("/", 1)[-1]
        identity = {
            "type": "IAMUser",
            "principalId": (iam._users.get(name) or {}).get("UserId", ""),
            "arn": principal,
            "accountId": account,
            "accessKeyId": key,
            "userName": name,
        }
    else:
        identity = {
            "type": "Root",
            "principalId": account,
            "arn": f"arn:aws:iam::{account}:root",
            "accountId": account,
            "accessKeyId": key,
            "sessionContext": {"attributes": started},
        }
    if invoked_by:
        identity["invokedBy"] = invoked_by
    return identity


def _pin_unless_unsigned(method: str, raw_path: str, query: dict, raw_headers: list, handshake: bool = False) -> None:
    """Skips the check of the signature for our own client.  MiniStack checks every other request."""
    _pin(method, raw_path, query, raw_headers, handshake)
    request = iam_evaluator._signed_request.get()
    if request and (_is_ours(query) or request.headers.get("authorization", "").endswith(UNSIGNED)):
        iam_evaluator._signed_request.set(None)


def _is_ours(query: dict) -> bool:
    """Whether a presigned URL is one of our own client."""
    return UNSIGNED.endswith("=" + (query.get("X-Amz-Signature") or ["?"])[0])


def _verify_presigned(method: str, path: str, headers: dict, query: dict) -> tuple | None:
    return None if _is_ours(query) else _verify_presigned_sigv4(method, path, headers, query)


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    ministack.pin_signed_request = _pin_unless_unsigned
    s3._verify_presigned_sigv4 = _verify_presigned
