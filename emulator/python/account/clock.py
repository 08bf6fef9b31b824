"""Lets a test end timeouts, delays and windows that last from minutes to hours on AWS."""

import time
import uuid
from datetime import datetime, timedelta

from ministack.core.concurrency import esm_wake
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, eventbridge, s3, sqs


# Longer than any batching window, which is five minutes at most.
LONG_AGO_SECONDS = 3600


def _end_window(queue: dict, now: float) -> None:
    """Ends the batching window of the queue's consumer: its messages count as old."""
    for message in queue["messages"]:
        if message["visible_at"] <= now:
            message["visible_at"] = min(message["visible_at"], now - LONG_AGO_SECONDS)


def end_windows() -> None:
    """Ends every batching window that is open, as if its time had passed."""
    with sqs._queues_lock:
        now = time.time()
        for queue in sqs._queues.values():
            _end_window(queue, now)
    esm_wake.set()


def end_visibility_timeouts() -> int:
    """Makes every received message visible again.  Returns how many there were."""
    ended = 0
    with sqs._queues_lock:
        now = time.time()
        for queue in sqs._queues.values():
            for message in queue["messages"]:
                # A delayed message has not been received, and stays delayed.
                if message.get("receipt_handle") and message["visible_at"] > now:
                    message["visible_at"] = now
                    ended += 1
            _end_window(queue, now)
    esm_wake.set()
    return ended


def end_delays() -> int:
    """Makes every delayed message visible and ends all batching windows.  Returns how many messages there were."""
    ended = 0
    with sqs._queues_lock:
        now = time.time()
        for queue in sqs._queues.values():
            for message in queue["messages"]:
                if not message.get("receipt_handle") and message["visible_at"] > now:
                    message["visible_at"] = now
                    ended += 1
            _end_window(queue, now)
    esm_wake.set()
    return ended


def age_objects(bucket: str, seconds: float) -> int:
    """Makes every object of a bucket older.  Returns how many there are."""
    objects = s3._buckets[bucket]["objects"]
    for stored in objects.values():
        written = datetime.fromisoformat(stored["last_modified"].replace("Z", "+00:00"))
        older = (written - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        stored["last_modified"] = older.replace("+00:00", "Z")
    return len(objects)


def age_metrics(seconds: float) -> int:
    """Makes every point of every metric of the account older.  Returns how many there are."""
    aged = 0
    for (account, region, _), points in list(cloudwatch._metrics.to_dict().items()):
        if (account, region) == (get_account_id(), get_region()):
            for point in points:
                point["Timestamp"] -= seconds
                aged += 1
    return aged


def fire_schedules() -> int:
    """Fires every rule that has a schedule.  Returns how many there were."""
    fired = 0
    for key, rule in list(eventbridge._rules.items()):
        if not rule.get("ScheduleExpression") or rule.get("State") != "ENABLED":
            continue
        event = {
            "EventId": str(uuid.uuid4()),
            "Source": "aws.events",
            "DetailType": "Scheduled Event",
            "Detail": "{}",
            "EventBusName": rule.get("EventBusName", "default"),
            "Time": int(time.time()),
            "Resources": [rule.get("Arn", "")],
            "Account": get_account_id(),
            "Region": get_region(),
        }
        for target in eventbridge._targets.get(key) or []:
            eventbridge._invoke_target(target, event, rule)
        fired += 1
    return fired
