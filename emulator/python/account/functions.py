"""Lambda uses the function's role to poll the queue and to write the logs, and needs the permission for both.

A mapping with a batching window waits for more messages until the window has passed.  For tests, each run of a
function is recorded, and a running function can be killed.
"""

import contextlib
import json
import queue
import threading
import time
import uuid
from collections import deque

from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, lambda_svc
from ministack.services.cloudformation import provisioners

from . import authorization

SERVICE = "lambda.amazonaws.com"
POLLING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
RUNS_MAX = 20_000
# Ends a wait for the end of a log that does not come.
LOG_PATIENCE_SECONDS = 60

_create_esm = lambda_svc._create_esm
_run_sqs_batch = lambda_svc._run_sqs_batch
_emit_lambda_logs = lambda_svc._emit_lambda_logs
_concurrency = lambda_svc._sqs_esm_concurrency
_invalidate_worker = lambda_svc.invalidate_worker
_drain = lambda_runtime.Worker._drain_stderr_bounded
_runs: deque[dict] = deque(maxlen=RUNS_MAX)
_lock = threading.Lock()


def runs(account: str) -> list[dict]:
    """Each run of the account's functions, oldest first, with what it logged."""
    with _lock:
        return [run for run in _runs if run["account"] == account]


def forget(account: str) -> None:
    """Deletes the account's runs."""
    with _lock:
        left = [run for run in _runs if run["account"] != account]
        _runs.clear()
        _runs.extend(left)


def kill(name: str) -> int:
    """Kills the function's processes, as a crash would.  Returns how many there were."""
    function = lambda_svc._functions.get(name)
    if not function:
        return 0
    key = lambda_runtime._worker_key(name, function["config"], "$LATEST")
    with lambda_runtime._lock:
        workers = list(lambda_runtime._workers.get(key, []))
    killed = 0
    for worker in workers:
        process = worker._proc
        if process is not None and process.poll() is None:
            process.kill()
            killed += 1
    return killed


def end() -> None:
    """Ends the account's functions, their polling and its alarms."""
    for kept in (lambda_svc._esms, cloudwatch._alarms):
        for key in list(kept):
            del kept[key]
    for name in list(lambda_svc._functions):
        _invalidate_own_worker(name)


def _role_of(function_name: str) -> str:
    name = function_name.split(":function:")[-1].split(":")[0]
    function = lambda_svc._functions.get(name) or {}
    return (function.get("config") or {}).get("Role", "").rsplit("/", 1)[-1]


def _refusal(function_name: str, source: str) -> str | None:
    if ":sqs:" not in source:
        return None
    for operation in POLLING:
        if not authorization.role_allows(_role_of(function_name), f"sqs:{operation}", source, SERVICE):
            return f"The provided execution role does not have permissions to call {operation} on SQS"
    return None


def _create_esm_if_allowed(data: dict) -> tuple:
    if refused := _refusal(data.get("FunctionName", ""), data.get("EventSourceArn", "")):
        body = json.dumps({"Type": "User", "message": refused}).encode()
        headers = {"Content-Type": "application/json", "x-amzn-errortype": "InvalidParameterValueException"}
        return 400, headers, body
    return _create_esm(data)


def _create_of_stack_if_allowed(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    if refused := _refusal(properties.get("FunctionName", ""), properties.get("EventSourceArn", "")):
        raise ValueError(f"{refused} (Service: Lambda, Status Code: 400)")
    return _of_stack["create"](logical_id, properties, stack_name)


def _run_sqs_batch_noted(esm: dict, function: dict, event: dict, batch: list, queue_url: str, queue_name: str) -> None:
    role = function["config"].get("Role", "").rsplit("/", 1)[-1]
    for operation in POLLING:
        authorization.role_allows(role, f"sqs:{operation}", esm["EventSourceArn"], SERVICE)
    _run_sqs_batch(esm, function, event, batch, queue_url, queue_name)


def _concurrency_in_window(esm: dict, function: dict, config: dict, source: dict | None = None) -> int:
    """How many batches may run: none while the window is open and the batch is not full."""
    window = esm.get("MaximumBatchingWindowInSeconds") or 0
    if window and source:
        now = time.time()
        visible = [m["visible_at"] for m in list(source["messages"]) if m.get("visible_at", now) <= now]
        if visible and len(visible) < esm.get("BatchSize", 10) and now - min(visible) < window:
            return 0
    return _concurrency(esm, function, config, source)


def _emit_logs_if_allowed(function, request_id, log_text, error, duration_ms, *, log_source=None):
    config = function.get("config") or function
    name = config.get("FunctionName", "")
    with _lock:
        _runs.append({
            "at": time.time(),
            "account": get_account_id(),
            "region": get_region(),
            "function": name,
            "request": request_id,
            "failed": bool(error),
            "milliseconds": duration_ms,
            "log": log_text or "",
        })
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:stream"
    role = config.get("Role", "").rsplit("/", 1)[-1]
    allowed = [authorization.role_allows(role, f"logs:{call}", stream, SERVICE) for call in ("CreateLogStream", "PutLogEvents")]
    if all(allowed):
        _emit_lambda_logs(function, request_id, log_text, error, duration_ms, log_source=log_source)


_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"])


def _invalidate_own_worker(name, qualifier=None, account=None, region=None) -> None:
    """Ends the processes of a changed function.  Functions of other accounts with the same name keep running."""
    _invalidate_worker(name, qualifier=qualifier, account=account or get_account_id(), region=region or get_region())


def _drain_to_mark(worker: lambda_runtime.Worker, first_line_wait: float = 0.05) -> str:
    """The whole log of a run, however busy the machine is: what the function wrote before it answered.

    A mark is written into the pipe that the function writes to, and everything before it is the run's.
    """
    mark = f"end of the log {uuid.uuid4()}"
    try:
        with open(f"/proc/{worker._proc.pid}/fd/1", "w", encoding="utf-8") as pipe:
            pipe.write(f"{mark}\n")
    except (AttributeError, OSError):
        # The process has ended, or this system has no such files.
        return _drain(worker, first_line_wait=first_line_wait)
    lines = []
    with contextlib.suppress(queue.Empty):
        while (line := worker._stderr_queue.get(timeout=LOG_PATIENCE_SECONDS)) != mark:
            lines.append(line)
    return "\n".join(lines)


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    lambda_runtime.Worker._drain_stderr_bounded = _drain_to_mark
    lambda_svc.invalidate_worker = _invalidate_own_worker
    lambda_svc._create_esm = _create_esm_if_allowed
    lambda_svc._run_sqs_batch = _run_sqs_batch_noted
    lambda_svc._sqs_esm_concurrency = _concurrency_in_window
    lambda_svc._emit_lambda_logs = _emit_logs_if_allowed
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["create"] = _create_of_stack_if_allowed
