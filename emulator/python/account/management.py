"""CloudTrail records of calls on other services than S3: those that can blind or stop a guard.

A name is CloudTrail's, which for Lambda has the date of the interface.  Parameters are those of the request with a small
first letter.  A call that CloudFormation makes for a stack is none of these: it does not come as a request.
"""

import json
import re
from urllib.parse import parse_qsl, unquote

from ministack.core.responses import get_account_id
from ministack.services import kms

# By the service of the IAM action: the event source, and the calls.
SERVICES = {
    "cloudformation": ("cloudformation", {"DeleteStack", "ExecuteChangeSet", "UpdateStack", "UpdateTerminationProtection"}),
    "cloudtrail": ("cloudtrail", {"DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"}),
    "cloudwatch": ("monitoring", {"DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState"}),
    "events": ("events", {"DeleteRule", "DisableRule", "PutRule", "PutTargets", "RemoveTargets"}),
    "iam": (
        "iam",
        {
            "AttachRolePolicy",
            "CreatePolicyVersion",
            "DeleteRole",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePolicy",
            "UpdateAssumeRolePolicy",
        },
    ),
    "kms": ("kms", {"DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"}),
    "lambda": (
        "lambda",
        {
            "DeleteEventSourceMapping": "20150331",
            "DeleteFunction": "20150331",
            "DeleteFunctionConcurrency": "20171031",
            "PutFunctionConcurrency": "20171031",
            "UpdateEventSourceMapping": "20150331",
            "UpdateFunctionCode": "20150331v2",
            "UpdateFunctionConfiguration": "20150331v2",
        },
    ),
    "logs": ("logs", {"DeleteLogGroup", "PutRetentionPolicy"}),
    "sns": ("sns", {"DeleteTopic", "SetTopicAttributes", "Subscribe", "Unsubscribe"}),
    "sqs": ("sqs", {"AddPermission", "DeleteQueue", "PurgeQueue", "SetQueueAttributes"}),
}


def event(request, answer: bytes) -> tuple[str, str, dict, dict] | None:
    """The source, the name, the parameters and what else the record of a call has; nothing for other calls."""
    service, _, operation = (request.action or "").partition(":")
    source, names = SERVICES.get(service, ("", {}))
    if operation not in names:
        return None
    name = operation + (names[operation] if isinstance(names, dict) else "")
    more: dict = {}
    if service == "lambda":
        parameters = _of_path(request)
        if "uUID" in parameters and isinstance(mapping := _json(answer), dict):
            more["responseElements"] = {_small(key): value for key, value in mapping.items()}
    else:
        parameters = _of_body(request.body)
    if service == "kms" and (key := kms._resolve_key(parameters.get("keyId", ""))):
        more["resources"] = [{"accountId": get_account_id(), "type": "AWS::KMS::Key", "ARN": key["Arn"]}]
    return f"{source}.amazonaws.com", name, parameters, more


def _of_path(request) -> dict:
    """Lambda names the function or the mapping in the path."""
    parameters = {_small(key): value for key, value in (_json(request.body) or {}).items()}
    if named := re.search(r"/functions/([^/]+)", request.path):
        parameters["functionName"] = unquote(named.group(1))
    if named := re.search(r"/event-source-mappings/([^/]+)", request.path):
        parameters["uUID"] = named.group(1)
    return parameters


def _of_body(body: bytes) -> dict:
    """The parameters of the JSON or of the query protocol; of the latter, lists have members with numbers."""
    if isinstance(given := _json(body), dict):
        return {_small(key): value for key, value in given.items()}
    parameters: dict = {}
    for key, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True):
        name, *rest = key.split(".")
        if name in ("Action", "Version"):
            continue
        if rest and rest[0] == "member":
            parameters.setdefault(_small(name), []).append(value)
        else:
            parameters[_small(name)] = {"true": True, "false": False}.get(value, value)
    return parameters


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _small(name: str) -> str:
    return "uUID" if name == "UUID" else name[:1].lower() + name[1:]
