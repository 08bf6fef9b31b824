"""Queue metrics and alarms: a queue's depth is a metric, and an alarm only uses its own dimensions.

AWS publishes the depth once a minute and so may be minutes late; here it is seconds, or tests would wait.
"""

import time

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, sqs
from ministack.services.cloudformation import provisioners

from . import authorization

SERVICE = "cloudwatch.amazonaws.com"
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


_dispatch = cloudwatch._dispatch_alarm_actions


def measure_queues() -> None:
    """Publishes the depth of each queue that an alarm monitors, and evaluates those alarms, and those of missing points."""
    for (account, region, _), alarm in list(cloudwatch._alarms.to_dict().items()):
        if alarm.get("TreatMissingData") == "breaching":
            with request_scope(account, region):
                _evaluate(alarm)
        if alarm.get("Namespace") == "AWS/SQS":
            with request_scope(account, region):
                _measure(alarm)
                _evaluate(alarm)


def _measure(alarm: dict) -> None:
    name = _dimensions(alarm).get("QueueName", "")
    queue = next((q for q in sqs._queues.values() if q.get("name") == name), None)
    if queue is None:
        return
    now = time.time()
    visible = sum(1 for message in list(queue["messages"]) if message.get("visible_at", 0) <= now)
    oldest = max((now - message.get("sent_at", now) for message in list(queue["messages"])), default=0)
    values = {
        "ApproximateNumberOfMessagesVisible": (visible, "Count"),
        "ApproximateNumberOfMessagesNotVisible": (len(queue["messages"]) - visible, "Count"),
        "ApproximateAgeOfOldestMessage": (oldest, "Seconds"),
    }
    if alarm.get("MetricName") in values:
        value, unit = values[alarm["MetricName"]]
        # The newest value only: AWS would publish one in a period, and an alarm on a maximum should end with its cause.
        key = ("AWS/SQS", alarm["MetricName"], cloudwatch._dims_key({"QueueName": name}))
        cloudwatch._metrics.pop(key, None)
        cloudwatch.record_metric("AWS/SQS", alarm["MetricName"], value, unit, {"QueueName": name})


def _dimensions(alarm: dict) -> dict:
    given = alarm.get("Dimensions") or []
    return given if isinstance(given, dict) else cloudwatch._dims_from_list(given)


def _evaluate(alarm: dict) -> None:
    """Sets the alarm's state from the points of its own metric, and acts on a change."""
    namespace, metric = alarm.get("Namespace"), alarm.get("MetricName")
    if not namespace or not metric:
        return
    key = (namespace, metric, cloudwatch._dims_key(_dimensions(alarm)))
    since = time.time() - alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
    points = [point for point in cloudwatch._metrics.get(key) or [] if point["Timestamp"] >= since]
    if not points:
        if alarm.get("TreatMissingData") == "notBreaching":
            _change(alarm, "OK", "Threshold Crossed: no datapoints were received, treated as not breaching")
        elif alarm.get("TreatMissingData") == "breaching":
            _change(alarm, "ALARM", "Threshold Crossed: no datapoints were received, treated as breaching")
        return
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    compare = COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    if value is None or compare is None:
        return
    threshold = float(alarm.get("Threshold", 0))
    breaching = compare(value, threshold)
    reason = f"Threshold Crossed: {statistic} {value} against {threshold} ({alarm['ComparisonOperator']})"
    _change(alarm, "ALARM" if breaching else "OK", reason)


def _change(alarm: dict, state: str, reason: str) -> None:
    before = alarm.get("StateValue")
    if before == state:
        return
    alarm["StateValue"], alarm["StateReason"] = state, reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _dispatch_if_allowed(alarm: dict, before: str, state: str, reason: str) -> None:
    """Publishes only to topics whose policy and key allow the alarm."""
    allowed = {field: [arn for arn in alarm.get(field) or [] if _may_act(alarm, arn)] for field in ACTIONS}
    _dispatch({**alarm, **allowed}, before, state, reason)


def _may_act(alarm: dict, arn: str) -> bool:
    if ":sns:" not in arn:
        return True
    return authorization.of_service(SERVICE, "sns:Publish", arn, alarm.get("AlarmArn", "")).allowed


def states() -> dict[str, str]:
    """Each alarm of the current account and region, and its state."""
    return {
        name: alarm["StateValue"]
        for (account, region, name), alarm in (cloudwatch._alarms.to_dict() | cloudwatch._composite_alarms.to_dict()).items()
        if (account, region) == (get_account_id(), get_region())
    }


def _create_composite(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    name = properties.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
    return _put_composite(name, properties)


def _update_composite(name: str, before: dict, properties: dict, stack_name: str) -> tuple[str, dict]:
    return _put_composite(name, properties)


def _put_composite(name: str, properties: dict) -> tuple[str, dict]:
    status, _, body = cloudwatch._put_composite_alarm({}, {**properties, "AlarmName": name}, False, True)
    if status >= 400:
        raise ValueError(body if isinstance(body, str) else body.decode())
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _delete_composite(name: str, properties: dict) -> None:
    cloudwatch._composite_alarms.pop(name, None)


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": _create_composite, "update": _update_composite, "delete": _delete_composite,
    }
    cloudwatch._evaluate_alarm = _evaluate
    cloudwatch._dispatch_alarm_actions = _dispatch_if_allowed
