"""Delivery to a rule's targets: the target's resource policy decides, and a refused event goes to the target's DLQ.

A function is invoked asynchronously, with its retries and its failure destination.  An object's event has the fields
that S3 gives it: a deleted object has neither size nor etag, one of a bucket with versions has its version.
"""

import json
import time
from contextvars import ContextVar

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, lambda_svc, s3, sns, sqs

from . import authorization

SERVICE = "events.amazonaws.com"
# The action of a delivery, and what finds the target.
DELIVERIES = {
    "lambda": ("lambda:InvokeFunction", lambda arn: lambda_svc._get_func_record_for_ref(arn)[0]),
    "sns": ("sns:Publish", sns._topic_by_arn_any_scope),
    "sqs": ("sqs:SendMessage", sqs._queue_by_arn),
}

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
    if service not in DELIVERIES:
        return None
    action, find = DELIVERIES[service]
    if not find(arn):
        return "NO_RESOURCE"
    return None if authorization.of_service(SERVICE, action, arn, rule_arn).allowed else "NO_PERMISSIONS"


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
