"""The hooks for tests, which AWS does not have, under `/_s3guard/`.

Every request names its `account` and its `region`.  Its input and the answer are JSON.
"""

import json
from urllib.parse import parse_qsl

from ministack.core.responses import get_account_id, request_scope
from ministack.services import s3

from . import alarms, authorization, buckets, calls, caller, clock, faults, functions, mail, records, trails

PREFIX = "/_s3guard/"


class Refused(Exception):
    """The request is invalid; the text says why."""


async def answer(scope, receive, send) -> None:
    """Handles a request to a hook."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query = dict(parse_qsl(scope.get("query_string", b"").decode()))
    try:
        status, out = 200, _dispatch(scope["method"], scope["path"].removeprefix(PREFIX), query, body)
    except (Refused, ValueError) as refused:
        status, out = 400, str(refused)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})


def _dispatch(method: str, path: str, query: dict, body: bytes) -> object:
    if path == "ready":
        return {"ready": True}
    account = query["account"]
    with request_scope(account, query["region"]):
        return _in_account(method, path, account, json.loads(body))


def _in_account(method: str, path: str, account: str, given: dict) -> object:
    match method, path.split("/"):
        case "GET", ["calls"]:
            return calls.of(account)
        case "DELETE", ["calls"]:
            return calls.forget(account)
        case "POST", ["allows"]:
            return authorization.allows(given)
        case "POST", ["delivers-logs"]:
            return authorization.delivers_logs(given)
        case "GET", ["runs"]:
            return functions.runs(account)
        case "DELETE", ["runs"]:
            return functions.forget(account)
        case "GET", ["faults"]:
            return [fault.state() for fault in faults.of(account)]
        case "POST", ["faults"]:
            return faults.add(account, given).state()
        case "DELETE", ["faults"]:
            return faults.forget(account)
        case "POST", ["faults", "release"]:
            return _release(account, given["number"])
        case "POST", ["legacy-bucket"]:
            return _legacy(given["bucket"])
        case "POST", ["buckets"]:
            return _silent_buckets(given["prefix"], given["count"])
        case "POST", ["cloudtrail"]:
            return _publish(given["eventName"], given["requestParameters"])
        case "POST", ["kill"]:
            return functions.kill(given["function"])
        case "POST", ["clock", "visibility"]:
            return clock.end_visibility_timeouts()
        case "POST", ["clock", "delays"]:
            return clock.end_delays()
        case "POST", ["clock", "windows"]:
            return clock.end_windows()
        case "POST", ["clock", "objects"]:
            return clock.age_objects(given["bucket"], given["seconds"])
        case "POST", ["clock", "metrics"]:
            return clock.age_metrics(given["seconds"])
        case "POST", ["clock", "schedules"]:
            return clock.fire_schedules()
        case "GET", ["mail"]:
            return mail.of(account)
        case "POST", ["mail", "confirm"]:
            return mail.confirm(given["address"])
        case "POST", ["mail", "confirm-all"]:
            return mail.confirm_all(account)
        case "DELETE", ["account"]:
            return functions.end()
        case "GET", ["alarms"]:
            return alarms.states()
        case _:
            raise Refused(f"there is no {method} /{path}")


def _release(account: str, number: int) -> None:
    for fault in faults.of(account):
        if fault.number == number:
            faults.release(fault)
            return
    raise Refused(f"there is no fault {number}")


def _legacy(bucket: str) -> None:
    if bucket not in s3._buckets:
        raise Refused(f"there is no bucket `{bucket}`")
    buckets.make_legacy(bucket)


def _silent_buckets(prefix: str, count: int) -> list[str]:
    names = [f"{prefix}-{number:05}" for number in range(count)]
    for name in names:
        status, _, body = s3._create_bucket(name, b"")
        if status != 200:
            raise Refused(f"the bucket `{name}` cannot be created: {body.decode()}")
    return names


def _publish(event_name: str, parameters: dict) -> None:
    caller.access_key.set(get_account_id())
    trails.publish(records.record(event_name, parameters, "[s3guard-test]"))
