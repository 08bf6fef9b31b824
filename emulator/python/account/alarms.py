"""Queue metrics and alarms: a queue's depth is a metric, and an alarm only uses its own dimensions.

AWS publishes the depth once a minute and so may be minutes late; here it is seconds, or tests would wait.
"""

import time

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, sqs

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
    """Publishes the depth of each queue that an alarm monitors, and evaluates those alarms."""
    for (account, region, _), alarm in list(cloudwatch._alarms.to_dict().items()):
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
        for (account, region, name), alarm in cloudwatch._alarms.to_dict().items()
        if (account, region) == (get_account_id(), get_region())
    }


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    cloudwatch._evaluate_alarm = _evaluate
    cloudwatch._dispatch_alarm_actions = _dispatch_if_allowed
