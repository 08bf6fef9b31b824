"""The authorization of every call: the caller's policies, the resource's own policy, and the keys that it uses.

The root user is checked like the others, except that it may always read, put and delete the policy of its buckets.
"""

from contextvars import ContextVar

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext, EvalResult
from ministack.core.responses import get_account_id
from ministack.services import iam, s3, sns, sqs

from . import calls, caller, context, encryption, move_tasks, policy, principals, service_roles
from .policy import Decision, Policies, Principal, Request

# Its own resource policy must allow, too.
POLICY_REQUIRED = ("kms:", "sts:AssumeRole")
ALWAYS_OF_ROOT = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
# AWS writes these actions in another way in its messages.
SPELLED = {"sqs": str.lower, "sns": lambda action: action.replace("sns:", "SNS:")}
# The service that delivers access logs, and the permissions in an ACL with which it can.
LOGGING, MAY_WRITE = "logging.s3.amazonaws.com", ("WRITE", "FULL_CONTROL")
# What an authentication is checked with: a call that needs no permission.
WITHOUT_PERMISSION = "sts:GetCallerIdentity"
NEEDS_NO_PERMISSION = (WITHOUT_PERMISSION, "sts:GetSessionToken")

_enforce = iam_evaluator.enforce
_access_denied_response = iam_actions.access_denied_response
_resource_policy_allows = iam_evaluator.resource_policy_allows
# The code and the message of the call that was just refused.
_refused: ContextVar[tuple[str, str]] = ContextVar("s3guard_refused", default=("", ""))


def _policy_of(action: str, resource: str) -> tuple[str | dict | None, str]:
    """The resource's own policy, and its account if it has one."""
    if action == "sts:AssumeRole" and ":role/" in resource:
        account = resource.split(":")[4]
        role = iam._roles.get_scoped(account, None, resource.rsplit("/", 1)[-1]) or {}
        return role.get("AssumeRolePolicyDocument"), account
    service = resource.split(":")[2] if resource.startswith("arn:") else ""
    found = iam_evaluator._resource_policy(service, resource)
    return (found[0], found[1] or "") if found else (None, "")


def decide(principal: Principal, action: str, resource: str, keys: dict, key: str = "") -> Decision:
    """What the policies of the caller and of the resource decide; `key` is the caller's access key."""
    document, owner = _policy_of(action, resource)
    if principal.kind == "Root" and action in ALWAYS_OF_ROOT and owner == principal.account:
        document = None
    identity, limits = principals.policies(principal, key)
    required = bool(owner) and action.startswith(POLICY_REQUIRED)
    known = {**context.keys_of_call(owner), **principals.keys(principal, key)}
    known.update({name.lower(): value for name, value in keys.items()})
    asked = Request(principal, action, resource, known)
    return policy.decide(asked, Policies(identity, limits, document, owner, required))


def message(principal: Principal, action: str, resource: str, decision: Decision) -> str:
    """The refusal in AWS's words."""
    service = action.split(":")[0]
    named = SPELLED.get(service, str)(action)
    shown = f'"{resource}"' if service == "s3" and resource != "*" else resource
    text = f"User: {principal.arn} is not authorized to perform: {named} on resource: {shown}"
    return text if action == "sts:AssumeRole" else f"{text} {decision.reason}"


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    """Authenticates and authorizes a request: nothing, or the refusal."""
    _refused.set(("", ""))
    anonymous = not access_key_id or iam_evaluator._anonymous.get()
    refused = _enforce(access_key_id, iam_action if anonymous else WITHOUT_PERMISSION, service, region, resource_arn)
    if refused or anonymous or iam_action in NEEDS_NO_PERMISSION:
        return refused
    principal = principals.of_key(access_key_id)
    if isinstance(principal, AuthError):
        return principal
    if (request := context.current.get()) and request.is_unchecked():
        return None
    keys = {**(service_context or {}), **context.keys_of_request(service, iam_action)}
    decision = decide(principal, iam_action, resource_arn, keys, access_key_id)
    calls.note(iam_action, resource_arn, decision.allowed)
    if not decision.allowed:
        return _refuse(principal, iam_action, resource_arn, decision)
    for action, resource in move_tasks.further(iam_action, resource_arn):
        decision = decide(principal, action, resource, keys, access_key_id)
        calls.note(action, resource, decision.allowed)
        if not decision.allowed:
            return _refuse(principal, action, resource, decision)
    if service == "cloudformation" and (request := context.current.get()):
        if (role := service_roles.begin(request.parameters())) and (denied := _pass(principal, access_key_id, role)):
            return denied
    return _use_of_key(principal, access_key_id, iam_action, resource_arn)


def _pass(principal: Principal, key: str, role: str) -> EvalResult | AuthError | None:
    """Whether the caller may pass the role to CloudFormation, and CloudFormation may assume it."""
    decision = decide(principal, "iam:PassRole", role, {"iam:passedtoservice": caller.CLOUDFORMATION}, key)
    calls.note("iam:PassRole", role, decision.allowed)
    if not decision.allowed:
        return _refuse(principal, "iam:PassRole", role, decision)
    if not of_service(caller.CLOUDFORMATION, "sts:AssumeRole", role, "").allowed:
        return AuthError("ValidationError", f"Role {role} is invalid or cannot be assumed")
    return None


def _use_of_key(principal: Principal, key: str, action: str, resource: str) -> EvalResult | None:
    """Whether the caller may use the keys of what it reads or writes."""
    for use in encryption.uses(action, resource, context.current.get()):
        decision = decide(principal, use.action, use.key, use.keys(), key)
        status, error = (200, "") if decision.allowed else (403, "AccessDenied")
        calls.record(principal.arn, "kms", use.action, use.key, decision.allowed, status, error, use.service)
        if not decision.allowed:
            return _refuse(principal, use.action, use.key, decision, use.error_code)
    return None


def _refuse(principal: Principal, action: str, resource: str, decision: Decision, code: str = "") -> EvalResult:
    _refused.set((code, message(principal, action, resource, decision)))
    return EvalResult(
        "Deny" if decision.explicit else "ImplicitDeny",
        principal.arn,
        reason=decision.reason,
        resource_policy_arn=resource if decision.explicit and decision.by_resource else "",
    )


def _answer(service, action, principal_arn, request_id, *, error_code="", message="", **more):
    """The refusal's response, with the message that `enforce` found."""
    code, found = _refused.get()
    if found and not error_code:
        error_code, message = code, found
    return _access_denied_response(
        service, action, principal_arn, request_id, error_code=error_code, message=message, **more
    )


# ---------------------------------------------------------------- calls of services


def of_service(service: str, action: str, resource: str, source: str, keys: dict | None = None) -> Decision:
    """Whether a service may do this for the resource `source`, and use the key of what it writes to."""
    principal = Principal(service, "Service")
    account = get_account_id()
    known = {"aws:sourcearn": source, "aws:sourceaccount": account, "aws:sourceowner": account, **(keys or {})}
    decision = decide(principal, action, resource, known)
    if decision.allowed:
        for use in encryption.uses(action, resource, None):
            decision = decide(principal, use.action, use.key, {**use.keys(), **known})
            if not decision.allowed:
                break
    return decision


def with_rights_of(key: str, action: str, resource: str, keys: dict, request=None) -> tuple[bool, str]:
    """Whether a service may do this with its caller's rights, and the refusal's message.  The call is recorded."""
    principal = principals.of_key(key)
    if isinstance(principal, AuthError):
        return False, principal.message
    via = keys.get("aws:calledvia", [""])[0]
    known = {"aws:viaawsservice": "true", **keys}
    decision = decide(principal, action, resource, known, key)
    checks = [(action, resource, decision)]
    if decision.allowed:
        for use in encryption.uses(action, resource, request):
            checks.append((use.action, use.key, decide(principal, use.action, use.key, {**known, **use.keys()}, key)))
    for action, resource, decision in checks:
        status, error = (200, "") if decision.allowed else (403, "AccessDenied")
        service = action.split(":")[0]
        calls.record(principal.arn, service, action, resource, decision.allowed, status, error, via)
        if not decision.allowed:
            return False, message(principal, action, resource, decision)
    return True, ""


def role_allows(role: str, action: str, resource: str, service: str) -> bool:
    """Whether a role may do what `service` does with it; records the call."""
    arn = f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{service}"
    principal = principals.named(arn)
    allowed = decide(principal, action, resource, {}).allowed
    status, error = (200, "") if allowed else (403, "AccessDenied")
    calls.record(arn, action.split(":")[0], action, resource, allowed, status, error, service)
    return allowed


def allows(given: dict) -> dict:
    """Evaluates what a test asks: a principal's ARN or a service, an action, a resource and condition keys."""
    principal = principals.named(given["principal"])
    decision = decide(principal, given["action"], given["resource"], given["context"])
    return {"allowed": decision.allowed, "reason": decision.reason}


def delivers_logs(given: dict) -> bool:
    """Whether S3 would deliver the access logs of the bucket `source` to `target`: its policy or its ACL lets the
    service write, and it encrypts by default without a key of KMS."""
    source, target = given["source"], given["target"]
    if target not in s3._buckets or encryption.default_encryption(target)[0] in encryption.WITH_KMS:
        return False
    keys = {"aws:sourcearn": f"arn:aws:s3:::{source}", "aws:sourceaccount": get_account_id()}
    decision = decide(Principal(LOGGING, "Service"), "s3:PutObject", f"arn:aws:s3:::{target}/log", keys)
    enforced = s3._bucket_owner_enforced(s3._buckets[target])
    grants = [] if enforced else s3._acl_grants(s3._bucket_acl.get(target))
    by_acl = any(group.endswith("/s3/LogDelivery") and permission in MAY_WRITE for group, permission in grants)
    return decision.allowed or (by_acl and not decision.explicit)


# ---------------------------------------------------------------- what MiniStack asks


def _trusts(document, caller_arn: str, ctx: EvalContext | None = None) -> bool:
    """Whether a trust policy allows the caller, with the condition keys of `AssumeRole`."""
    if ctx is None or ctx.action == "sts:AssumeRoleWithWebIdentity":
        return _evaluate_trust_policy(document, caller_arn, ctx)
    principal = principals.named(caller_arn)
    keys = {**context.keys_of_call(""), **principals.keys(principal), **ctx.principal_keys}
    keys.update({name: value for name, value in ctx.service_context.items() if value is not None})
    keys.update({f"aws:requesttag/{name.lower()}": value for name, value in ctx.request_tags.items()})
    if ctx.tag_keys:
        keys["aws:tagkeys"] = ctx.tag_keys
    asked = Request(principal, ctx.action, ctx.resource_arn, keys)
    # The caller's own policies were checked before.
    return policy.decide(asked, Policies(None, (), document, ctx.resource_arn.split(":")[4], required=True)).allowed


def _queue_allows(queue: str, service: str, source: str, _account: str) -> bool:
    return of_service(service, "sqs:SendMessage", queue, source).allowed


def _topic_allows(topic: str, service: str, source: str, _account: str) -> bool:
    return of_service(service, "sns:Publish", topic, source).allowed


def _other_account_allows(document, ctx: EvalContext, same_account: bool) -> bool:
    """`enforce` has checked the policy of a resource of the caller's account."""
    return same_account or _resource_policy_allows(document, ctx, same_account)


_evaluate_trust_policy = iam_evaluator.evaluate_trust_policy


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    iam_evaluator.enforce = enforce
    iam_evaluator.evaluate_trust_policy = _trusts
    iam_evaluator.resource_policy_allows = _other_account_allows
    iam_actions.access_denied_response = _answer
    sqs.queue_policy_allows = _queue_allows
    sns.topic_policy_allows = _topic_allows
