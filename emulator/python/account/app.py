"""The server's application: every request passes here on its way to MiniStack.

It knows the caller, the IAM action and the resource, so it records calls, holds or fails them, and publishes a
CloudTrail event for a call that changed a bucket, once it was answered.
"""

import asyncio
import contextlib
import json
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack import app as ministack
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.core.router import detect_service, extract_access_key_id, extract_region
from ministack.core.sigv4 import decode_header_value

from . import access, account_block, alarms, authorization, batches, buckets, caller, calls, change_sets, context
from . import delivery, encryption, faults, functions, hooks, identities, imports, keys, logs, mail, management, mappings
from . import move_tasks, notifications, object_versions, principals, records, settings, stack_buckets, stack_calls
from . import stack_resources, template_conditions, trails
from .context import HttpRequest

TICK_SECONDS = 1.0
ANSWER_KEPT_MAX = 16_384

# `stack_calls` is last: it checks what all the others create for stacks.
PARTS = (
    access, account_block, alarms, authorization, batches, buckets, caller, change_sets, delivery, encryption, functions,
    identities, imports, keys, logs, mail, mappings, move_tasks, notifications, object_versions, principals, settings,
    stack_buckets, stack_resources, template_conditions, trails, stack_calls,
)
for part in PARTS:
    part.install()


async def app(scope, receive, send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _live(scope, receive, send)
    elif scope["type"] != "http" or scope["path"].startswith("/_ministack/"):
        await ministack.app(scope, receive, send)
    elif scope["path"].startswith(hooks.PREFIX):
        await hooks.answer(scope, receive, send)
    else:
        await _aws(scope, receive, send)


async def _live(scope, receive, send) -> None:
    ticking = asyncio.ensure_future(_tick())
    try:
        await ministack.app(scope, receive, send)
    finally:
        ticking.cancel()


async def _tick() -> None:
    """Does periodically what AWS does in the background."""
    ticks = 0
    while True:
        await asyncio.sleep(TICK_SECONDS)
        ticks += 1
        with contextlib.suppress(Exception):
            alarms.measure_queues()
        if ticks % int(trails.LOG_FILE_EVERY_SECONDS / TICK_SECONDS) == 0:
            with contextlib.suppress(Exception):
                trails.write_log_files()


async def _aws(scope, receive, send) -> None:
    scope = _over_tls(scope)
    request, replay = await _read(scope, receive)
    context.plain_http.set(context.PLAIN_HTTP in request.headers)
    key = extract_access_key_id(request.headers, request.query)
    if not key:
        await ministack.app(scope, replay, send)
        return
    caller.access_key.set(key)
    set_request_account_id(ministack._request_account_scope(key))
    set_request_region(extract_region(request.headers, request.query))
    _find_action(request)
    context.current.set(request)

    checks = calls.begin()
    role = caller.role_name(caller.arn(key))
    if fault := faults.meeting(get_account_id(), request.action or "", role, request.resource):
        if fault.error:
            status, body = await _fail(request, fault, send)
            calls.end(checks, request.service, request.action, request.resource, status, fault.error)
            _publish(request, status, body)
            return
        if not await faults.wait(fault, receive):
            return

    answer = {"status": 0, "body": b""}

    async def tee(message) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
        elif len(answer["body"]) < ANSWER_KEPT_MAX:
            answer["body"] += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body"):
            # Before the last byte is sent, so that a client that has its response finds its call in the record.
            _finish(request, checks, answer["status"], answer["body"])
        await send(message)

    await ministack.app(scope, replay, tee)


def _finish(request: HttpRequest, checks: list, status: int, body: bytes) -> None:
    error = records.error_of(status, body)
    calls.end(checks, request.service, request.action, request.resource, status, error[0] if error else "")
    _publish(request, status, body)


def _publish(request: HttpRequest, status: int, body: bytes) -> None:
    """Publishes the CloudTrail event of a call that configures a bucket or the account's block, even if it failed, and of one
    that can stop a guard."""
    if request.service != "s3":
        _publish_management(request, status, body)
        return
    bucket = request.path.strip("/")
    if request.service != "s3" or request.method not in ("PUT", "DELETE") or not bucket:
        return
    if request.path == account_block.PATH:
        name, parameters = account_block.event(request.method, request.body)
    elif "/" in bucket or not (named := records.event_name(request.method, request.query)):
        return
    else:
        name, subresource = named
        parameters = records.of_bucket(name, subresource, bucket, request.body, request.headers)
    error = records.error_of(status, body)
    trails.publish(records.record(name, parameters, request.headers.get("user-agent", ""), error=error))


def _publish_management(request: HttpRequest, status: int, body: bytes) -> None:
    if request.is_unchecked() or not (event := management.event(request, body)):
        return
    source, name, parameters, more = event
    error = records.error_of(status, body)
    record = records.record(name, parameters, request.headers.get("user-agent", ""), error=error)
    trails.publish({**record, "eventSource": source, **more})


def _over_tls(scope) -> dict:
    """The same request as if it used TLS, for MiniStack: whether it counts as plain HTTP is in `context`."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"x-forwarded-proto"]
    return {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}


async def _read(scope, receive):
    """The request, and a `receive` that returns it again."""
    messages, body = [], b""
    while True:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    left = iter(messages)

    async def replay():
        for message in left:
            return message
        return await receive()

    headers: dict[str, str] = {}
    for name, value in scope.get("headers", []):
        key, text = name.decode("latin-1").lower(), decode_header_value(value)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
    return HttpRequest(scope["method"], scope["path"], headers, query, body), replay


def _find_action(request: HttpRequest) -> None:
    """Finds the IAM action and the resource with MiniStack's own functions, so that both get the same."""
    given = (request.method, request.path, request.headers)
    routing = ministack._routing_params(*given, request.body, request.query)
    request.service = detect_service(*given, routing) or ""
    if request.path == account_block.PATH:
        request.service, request.action = "s3", account_block.action(request.method)
        return
    # MiniStack answers a request that it does not know as an unknown operation.
    with contextlib.suppress(Exception):
        request.action = iam_actions.extract_iam_action(request.service, *given, request.body, routing)
        request.resource = iam_actions.extract_resource_arn(
            request.service, *given, request.body, routing, get_region(), get_account_id()
        )


async def _fail(request: HttpRequest, fault: faults.Fault, send) -> tuple[int, bytes]:
    code, (status, message) = fault.error, fault.answer()
    if request.service in ("s3", "sns", "iam", "sts", "cloudformation"):
        inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        bare = request.service == "s3" and request.path != account_block.PATH
        error = f"<Error>{inner}</Error>" if bare else f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
        body, kind = f'<?xml version="1.0"?>{error}'.encode(), b"application/xml"
    else:
        body = json.dumps({"__type": code, "message": message}).encode()
        kind = b"application/x-amz-json-1.0"
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})
    return status, body
