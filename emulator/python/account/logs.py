"""Log events have an id, as on AWS: MiniStack gives one only to those of `PutLogEvents`.  Metrics in them are recorded.

Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

import contextlib
import json
import uuid

from ministack.services import cloudwatch, cloudwatch_logs

_append = cloudwatch_logs._append_log_events


def _append_with_ids(stream: dict, events: list) -> None:
    for event in events:
        event.setdefault("eventId", uuid.uuid4().hex)
        if '"CloudWatchMetrics"' in event.get("message", ""):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                _record_metrics(json.loads(event["message"]))
    _append(stream, events)


def _record_metrics(line: dict) -> None:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: line[name] for name in names}
            for metric in directive["Metrics"]:
                value, unit = line[metric["Name"]], metric.get("Unit", "None")
                for one in value if isinstance(value, list) else [value]:
                    cloudwatch.record_metric(directive["Namespace"], metric["Name"], one, unit, dimensions)


def install() -> None:
    """Replaces MiniStack's function with the one above."""
    cloudwatch_logs._append_log_events = _append_with_ids
