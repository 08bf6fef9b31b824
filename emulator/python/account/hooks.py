"""What tests may ask of the account and AWS would not answer, under `/_s3guard/`.

Every request names its `account`, and its `region` where it matters.  Answers are JSON.
"""

import json
from urllib.parse import parse_qsl

from ministack.core.responses import get_account_id, request_scope
from ministack.services import s3

from . import alarms, buckets, calls, caller, clock, faults, functions, mail, records, trails

PREFIX = "/_s3guard/"
REGION = "us-east-1"


class Refused(Exception):
    """The request makes no sense; the text says why."""


async def answer(scope, receive, send) -> None:
    """Answers a request to a hook."""
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
        status, out = 400, {"error": str(refused)}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})


def _dispatch(method: str, path: str, query: dict, body: bytes) -> object:
    if path == "ready":
        return {"ready": True}
    account = query.get("account", "")
    if len(account) != 12 or not account.isdigit():
        raise Refused("`account` is not an account of 12 digits")
    with request_scope(account, query.get("region", REGION)):
        return _in_account(method, path, account, query, body)


def _in_account(method: str, path: str, account: str, query: dict, body: bytes) -> object:
    match method, path.split("/"):
        case "GET", ["calls"]:
            return calls.of(account)
        case "DELETE", ["calls"]:
            return calls.forget(account)
        case "GET", ["runs"]:
            return functions.runs(account)
        case "DELETE", ["runs"]:
            return functions.forget(account)
        case "GET", ["faults"]:
            return [fault.state() for fault in faults.of(account)]
        case "POST", ["faults"]:
            return faults.add(account, json.loads(body)).state()
        case "DELETE", ["faults"]:
            return faults.forget(account)
        case "POST", ["faults", number, "release"]:
            return _release(account, number)
        case "POST", ["legacy-bucket"]:
            return _legacy(query.get("bucket", ""))
        case "POST", ["buckets"]:
            return _silent_buckets(query.get("prefix", ""), int(query.get("count", "1")))
        case "POST", ["cloudtrail"]:
            return _told(json.loads(body))
        case "POST", ["kill"]:
            return {"killed": functions.kill(query.get("function", ""))}
        case "POST", ["clock", "visibility"]:
            return {"ended": clock.end_visibility_timeouts()}
        case "POST", ["clock", "delays"]:
            return {"ended": clock.end_delays()}
        case "POST", ["clock", "windows"]:
            return clock.end_windows()
        case "POST", ["clock", "objects"]:
            return {"aged": clock.age_objects(query.get("bucket", ""), float(query.get("seconds", "0")))}
        case "POST", ["clock", "schedules"]:
            return {"fired": clock.fire_schedules()}
        case "GET", ["mail"]:
            return mail.of(account)
        case "POST", ["mail", "confirm"]:
            return {"confirmed": mail.confirm(query.get("address", ""))}
        case "DELETE", ["account"]:
            return functions.end()
        case "GET", ["alarms"]:
            return alarms.states()
        case _:
            raise Refused(f"there is no {method} /{path}")


def _release(account: str, number: str) -> dict:
    for fault in faults.of(account):
        if str(fault.number) == number:
            faults.release(fault)
            return fault.state()
    raise Refused(f"there is no fault {number}")


def _legacy(bucket: str) -> dict:
    if bucket not in s3._buckets:
        raise Refused(f"there is no bucket `{bucket}`")
    buckets.make_legacy(bucket)
    return {"bucket": bucket}


def _silent_buckets(prefix: str, count: int) -> dict:
    names = [f"{prefix}-{number:05}" for number in range(count)]
    for name in names:
        status, _, body = s3._create_bucket(name, b"")
        if status != 200:
            raise Refused(f"there can be no bucket `{name}`: {body.decode()}")
    return {"made": names}


def _told(wish: dict) -> dict:
    caller.access_key.set(get_account_id())
    trails.publish(records.record(wish["eventName"], wish["requestParameters"], "[s3guard-test]"))
    return {"told": wish["eventName"]}
