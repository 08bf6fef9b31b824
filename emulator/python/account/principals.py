"""Principals: who an access key stands for, its policies, and the condition keys that describe it.

`aws:PrincipalArn` of a role's session is the role's ARN with its path.  What the code of a function calls has
`lambda:SourceFunctionArn`; what Lambda calls itself with the function's role does not.
"""

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.iam_evaluator import AuthError, CredentialResolutionError
from ministack.core.responses import _account_from_sts_session, get_account_id
from ministack.services import iam, lambda_svc, sts

from .policy import Principal

FUNCTION = "_s3guard_function"
TYPES = {"Root": "Account"}

_execution_credentials = lambda_runtime.execution_credentials


def of_key(key: str) -> Principal | AuthError:
    """The principal behind an access key, or the refusal of the key."""
    credential = iam_evaluator.resolve_credential(key, _account_from_sts_session(key) or get_account_id())
    if isinstance(credential, CredentialResolutionError):
        return AuthError(credential.code, credential.message)
    return named(credential.principal_arn)


def named(name: str) -> Principal:
    """The principal with this ARN, or the service with this name.  A role stands for its sessions."""
    if not name.startswith("arn:"):
        return Principal(arn=name, kind="Service")
    account = name.split(":")[4]
    if name.endswith(":root"):
        return Principal(name, "Root", account, name)
    if ":role/" in name:
        session = f"arn:aws:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/session"
        return Principal(session, "AssumedRole", account, name)
    if ":assumed-role/" in name:
        role = iam._roles.get_scoped(account, None, name.split("/")[1]) or {}
        return Principal(name, "AssumedRole", account, role.get("Arn", ""))
    return Principal(name, "User", account, name)


def policies(principal: Principal, key: str = "") -> tuple[tuple | None, tuple]:
    """The documents of its own policies, and what limits them; the root user needs none."""
    if principal.kind in ("Root", "Service"):
        return (None if principal.kind == "Root" else ()), ()
    account = principal.account
    if principal.kind == "User":
        name = principal.arn.rsplit("/", 1)[-1]
        owner = iam._users.get_scoped(account, None, name) or {}
        inline = iam._user_inline_policies.get_scoped(account, None, name) or {}
        documents = [*inline.values(), *_attached(owner, account)]
        for group_name, group in iam._groups.items():
            if name in group.get("Users", []):
                documents += (iam._group_inline_policies.get(group_name) or {}).values()
                documents += _attached(group, account)
    else:
        owner = iam._roles.get_scoped(account, None, principal.arn.split("/")[1]) or {}
        documents = [*(owner.get("InlinePolicies") or {}).values(), *_attached(owner, account)]
    limits = []
    if boundary := owner.get("PermissionsBoundary"):
        limits.append(("permissions boundary", (_managed(boundary, account),)))
    session = (sts._sessions.get(key) or {}).get("SessionPolicies")
    if session:
        given = [session["Policy"]] if session.get("Policy") else []
        given += [_managed(arn, account) for arn in session.get("PolicyArns", [])]
        limits.append(("session policy", tuple(given)))
    return tuple(documents), tuple(limits)


def _attached(owner: dict, account: str) -> list:
    return [_managed(arn, account) for arn in owner.get("AttachedPolicies", [])]


def _managed(arn: str, account: str) -> str | dict | None:
    return iam_evaluator._resolve_managed_policy_document(arn, account)


def keys(principal: Principal, key: str = "") -> dict:
    """The condition keys that every call of the principal has."""
    service = principal.kind == "Service"
    found = {"aws:principalisawsservice": str(service).lower()}
    if service:
        return {**found, "aws:principalservicename": principal.arn}
    found["aws:principalaccount"] = principal.account
    found["aws:principaltype"] = TYPES.get(principal.kind, principal.kind)
    if principal.identity:
        found["aws:principalarn"] = principal.identity
    if principal.kind == "User":
        found["aws:username"] = principal.arn.rsplit("/", 1)[-1]
    if not key:
        return found
    credential = iam_evaluator.resolve_credential(key, principal.account)
    if not isinstance(credential, CredentialResolutionError):
        found.update(iam_evaluator._principal_keys(credential))
    if function := (sts._sessions.get(key) or {}).get(FUNCTION):
        found["lambda:sourcefunctionarn"] = function
    return found


def _credentials_of_function(config: dict) -> dict:
    credentials = _execution_credentials(config)
    if session := sts._sessions.get(credentials["AWS_ACCESS_KEY_ID"]):
        session[FUNCTION] = ":".join(config.get("FunctionArn", "").split(":")[:7])
    return credentials


def install() -> None:
    """Replaces MiniStack's functions with the one above."""
    lambda_runtime.execution_credentials = _credentials_of_function
    lambda_svc.execution_credentials = _credentials_of_function
