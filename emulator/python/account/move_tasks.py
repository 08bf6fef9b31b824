"""Message move tasks of SQS: they move what is in a dead-letter queue, at once, to where it came from or elsewhere.

A task needs the permissions to receive and delete in the one queue and to send to the other.  Source: SQS Developer
Guide, "Amazon SQS API permissions: Actions and resource reference".
"""

import base64
import json
import time
import uuid

from ministack.core import iam_actions
from ministack.core.concurrency import esm_wake
from ministack.services import sqs

from . import context, keys

START, CANCEL, LIST = "StartMessageMoveTask", "CancelMessageMoveTask", "ListMessageMoveTasks"
FROM_SOURCE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
LISTED_MAX = 10
TASKS = "_s3guard_move_tasks"


def further(action: str, resource: str) -> list[tuple[str, str]]:
    """The permissions that a call on a task needs besides its own."""
    name = action.removeprefix("sqs:")
    if name not in (START, CANCEL, LIST):
        return []
    checks = [(one, resource) for one in FROM_SOURCE]
    request = context.current.get()
    if name == START and request:
        checks += [("sqs:SendMessage", arn) for arn in _destinations(resource, request.parameters())]
    return checks


def _destinations(source: str, given: dict) -> list[str]:
    if arn := given.get("DestinationArn"):
        return [arn]
    return [queue["attributes"]["QueueArn"] for queue in _sources_of(source)]


def _sources_of(dead_letters: str) -> list[dict]:
    """The queues whose dead-letter queue this is."""
    def target(queue: dict) -> str:
        return json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn", "")

    return [queue for queue in sqs._queues.values() if target(queue) == dead_letters]


def _queue(arn: str) -> dict:
    if not (queue := sqs._queue_by_arn(arn)):
        message = "The resource that you specified for the SourceArn parameter doesn't exist."
        raise sqs._Err("ResourceNotFoundException", message)
    return queue


def _start(data: dict, _url: str) -> dict:
    source = data.get("SourceArn", "")
    queue = _queue(source)
    if not _sources_of(source):
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    elsewhere = _queue(data["DestinationArn"]) if data.get("DestinationArn") else None
    moved, kept, now = 0, [], time.time()
    with sqs._queues_lock:
        for message in queue["messages"]:
            origin = message.get("sys", {}).get("DeadLetterQueueSourceArn", "")
            target = elsewhere or sqs._queue_by_arn(origin)
            if target is None or message["visible_at"] > now:
                kept.append(message)
                continue
            moved += 1
            target["messages"].append(_as_new(message, now))
        queue["messages"] = kept
    esm_wake.set()
    task = {
        "Status": "COMPLETED",
        "SourceArn": source,
        **({"DestinationArn": data["DestinationArn"]} if elsewhere else {}),
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": moved,
        "StartedTimestamp": int(now * 1000),
    }
    queue.setdefault(TASKS, []).insert(0, task)
    handle = {"taskId": str(uuid.uuid4()), "sourceArn": source}
    return {"TaskHandle": base64.b64encode(json.dumps(handle).encode()).decode()}


def _as_new(message: dict, now: float) -> dict:
    """A moved message is a new one: with another id, and not received yet."""
    system = {name: value for name, value in message.get("sys", {}).items() if name != "DeadLetterQueueSourceArn"}
    return {
        **message,
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "visible_at": now,
        "receive_count": 0,
        "first_receive_at": None,
        "sys": {**system, "SentTimestamp": str(int(now * 1000))},
    }


def _list(data: dict, _url: str) -> dict:
    tasks = _queue(data.get("SourceArn", "")).get(TASKS, [])
    return {"Results": tasks[: min(int(data.get("MaxResults", 1)), LISTED_MAX)]}


def _cancel(_data: dict, _url: str) -> dict:
    # Every task ends at once.
    raise sqs._Err("ResourceNotFoundException", "Only active tasks can be cancelled.")


def _resource(service: str, method: str, path: str, headers: dict, body: bytes, *rest) -> str:
    """The queue of a task: that of its source."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "sqs" and operation in (START, CANCEL, LIST):
        given = json.loads(body or b"{}")
        if handle := given.get("TaskHandle"):
            given = {"SourceArn": json.loads(base64.b64decode(handle)).get("sourceArn", "*")}
        return given.get("SourceArn", "*")
    return keys.resource_behind_alias(service, method, path, headers, body, *rest)


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    iam_actions.extract_resource_arn = _resource
    sqs._HANDLERS.update({START: _start, LIST: _list, CANCEL: _cancel})
