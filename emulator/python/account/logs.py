"""Log events have an id, as on AWS: MiniStack gives one only to those of `PutLogEvents`."""

import uuid

from ministack.services import cloudwatch_logs

_append = cloudwatch_logs._append_log_events


def _append_with_ids(stream: dict, events: list) -> None:
    for event in events:
        event.setdefault("eventId", uuid.uuid4().hex)
    _append(stream, events)


def install() -> None:
    """Replaces MiniStack's function with the one above."""
    cloudwatch_logs._append_log_events = _append_with_ids
