"""Delivery to a rule's targets: the target's resource policy decides, and a refused event goes to the target's DLQ.

A function is invoked asynchronously, with its retries and its failure destination.  An object's event has the fields
that S3 gives it: a deleted object has neither size nor etag, one of a bucket with versions has its version.
"""

import json
import time
from contextvars import ContextVar

from ministack.core.arn import parse_arn
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, s3, sns, sqs

SERVICE = "events.amazonaws.com"

_invoke_target = eventbridge._invoke_target
_dispatch_event = eventbridge._dispatch_event
_fire_s3_event = s3._fire_s3_event

# The version of the object whose event is on its way: MiniStack sends it to queues, but not to EventBridge.
_version_id: ContextVar[str | None] = ContextVar("version_id", default=None)


def _invoke_if_allowed(target: dict, event: dict, rule: dict, view=None) -> None:
    arn = target.get("Arn", "")
    rule_arn = rule.get("Arn") or eventbridge._rule_arn(rule.get("Name", ""), rule.get("EventBusName", "default"))
    refused = _refusal(arn, rule_arn)
    if refused is None:
        _invoke_target(target, event, rule, view)
        return
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    outcome = "no dead-letter queue, the event is lost"
    if dead_letters and _refusal(dead_letters, rule_arn) is None:
        view = view or eventbridge._pattern_event_view(event)
        eventbridge._dispatch_to_sqs(parse_arn(dead_letters), json.dumps(view.event_with_detail()))
        outcome = "sent to the dead-letter queue"
    eventbridge.logger.warning("EventBridge: delivery by %s to %s refused (%s), %s", rule_arn, arn, refused, outcome)


def _refusal(arn: str, rule_arn: str) -> str | None:
    """Why EventBridge cannot deliver to the target, if it cannot."""
    service = parse_arn(arn).service
    if service == "sqs":
        queue = sqs._queue_by_arn(arn)
        policy = queue["attributes"].get("Policy") if queue else None
        return _missing(queue, policy, "sqs:SendMessage", arn, rule_arn)
    if service == "lambda":
        function, _, _ = lambda_svc._get_func_record_for_ref(arn)
        policy = function.get("policy") if function else None
        return _missing(function, policy, "lambda:InvokeFunction", arn, rule_arn)
    if service == "sns":
        topic = sns._topic_by_arn_any_scope(arn)
        policy = topic["attributes"].get("Policy") if topic else None
        return _missing(topic, policy, "sns:Publish", arn, rule_arn)
    return None


def _missing(found: object, policy: str | dict | None, action: str, arn: str, rule_arn: str) -> str | None:
    if not found:
        return "NO_RESOURCE"
    context = EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=arn,
        region=get_region(),
        secure_transport=True,
        service_context={"aws:sourcearn": rule_arn, "aws:sourceaccount": get_account_id()},
    )
    allowed = policy and evaluate_resource_policy(policy, context, service=SERVICE).decision == "Allow"
    return None if allowed else "NO_PERMISSIONS"


def _invoke_asynchronously(arn: str, payload: str) -> None:
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _dispatch_as_s3_tells(event: dict, view=None) -> None:
    if event.get("Source") == "aws.s3" and event.get("DetailType", "").startswith("Object "):
        detail = json.loads(event["Detail"])
        detail["event-version"] = "1.2"
        if version_id := _version_id.get():
            detail["object"]["version-id"] = version_id
        if detail.get("deletion-type") == "Permanently Deleted":
            for absent in ("size", "etag"):
                detail["object"].pop(absent, None)
        event = {**event, "Detail": json.dumps(detail), "Time": int(time.time())}
        view = None
    _dispatch_event(event, view)


def _fire_with_version(*args, version_id: str | None = None, **named) -> None:
    token = _version_id.set(version_id)
    try:
        _fire_s3_event(*args, version_id=version_id, **named)
    finally:
        _version_id.reset(token)


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    eventbridge._dispatch_event = _dispatch_as_s3_tells
    eventbridge._invoke_target = _invoke_if_allowed
    eventbridge._dispatch_to_lambda = _invoke_asynchronously
    s3._fire_s3_event = _fire_with_version
