"""CloudTrail records of calls that configure buckets, shaped as CloudTrail shapes them.

The event's name is CloudTrail's, which is not always the API's; the request's XML becomes JSON in which a list of
one item is an object and `true` is a boolean; a sub-resource leaves an empty marker field.
"""

import json
import re
import time
import uuid
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring
from ministack.core.responses import get_account_id, get_region

from . import caller
from .caller import CLOUDFORMATION

# The sub-resource in the query, then the names of PUT and DELETE.
NAMES = {
    "abac": ("PutBucketAbac", None),
    "accelerate": ("PutAccelerateConfiguration", None),
    "acl": ("PutBucketAcl", None),
    "analytics": ("PutBucketAnalyticsConfiguration", "DeleteBucketAnalyticsConfiguration"),
    "cors": ("PutBucketCors", "DeleteBucketCors"),
    "encryption": ("PutBucketEncryption", "DeleteBucketEncryption"),
    "intelligent-tiering": (
        "PutBucketIntelligentTieringConfiguration",
        "DeleteBucketIntelligentTieringConfiguration",
    ),
    "inventory": ("PutBucketInventoryConfiguration", "DeleteBucketInventoryConfiguration"),
    "lifecycle": ("PutBucketLifecycle", "DeleteBucketLifecycle"),
    "logging": ("PutBucketLogging", None),
    "metrics": ("PutBucketMetricsConfiguration", "DeleteBucketMetricsConfiguration"),
    "notification": ("PutBucketNotification", None),
    "object-lock": ("PutBucketObjectLockConfiguration", None),
    "ownershipControls": ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
    "policy": ("PutBucketPolicy", "DeleteBucketPolicy"),
    "publicAccessBlock": ("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
    "replication": ("PutBucketReplication", "DeleteBucketReplication"),
    "requestPayment": ("PutBucketRequestPayment", None),
    "tagging": ("PutBucketTagging", "DeleteBucketTagging"),
    "versioning": ("PutBucketVersioning", None),
    "website": ("PutBucketWebsite", "DeleteBucketWebsite"),
}
RECORDED_HEADERS = (
    "x-amz-acl",
    "x-amz-bucket-namespace",
    "x-amz-bucket-object-lock-enabled",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-object-ownership",
)


def event_name(method: str, query: dict) -> tuple[str, str] | None:
    """CloudTrail's name of a write on a bucket, and its sub-resource."""
    for subresource, (put, delete) in NAMES.items():
        if subresource in query:
            name = put if method == "PUT" else delete
            return (name, subresource) if name else None
    return ("CreateBucket" if method == "PUT" else "DeleteBucket", "")


def of_bucket(name: str, subresource: str, bucket: str, body: bytes = b"", headers: dict | None = None) -> dict:
    """`requestParameters` of a call on a bucket."""
    parameters: dict = {"bucketName": bucket, "Host": f"{bucket}.s3.{get_region()}.amazonaws.com"}
    if subresource:
        parameters[subresource] = ""
    for header in RECORDED_HEADERS:
        if header in (headers or {}):
            parameters[header] = headers[header]
    if name == "PutBucketPolicy":
        parameters["bucketPolicy"] = _json(body)
    elif body.strip():
        parameters.update(from_xml(body))
    return parameters


def record(name: str, parameters: dict, user_agent: str, invoked_by: str = "", error: tuple[str, str] | None = None) -> dict:
    """The record of a call by the current caller."""
    key = caller.acting() if invoked_by == CLOUDFORMATION else caller.access_key.get()
    detail = {
        "eventVersion": "1.11",
        "userIdentity": caller.user_identity(key, invoked_by),
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": get_region(),
        "sourceIPAddress": invoked_by or "192.0.2.1",
        "userAgent": invoked_by or f"[{user_agent}]",
        "requestParameters": parameters,
        "responseElements": None,
        "additionalEventData": {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"},
        "requestID": uuid.uuid4().hex[:16].upper(),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
    }
    if bucket := parameters.get("bucketName"):
        if name != "CreateBucket":
            arn = f"arn:aws:s3:::{bucket}"
            detail["resources"] = [{"accountId": get_account_id(), "type": "AWS::S3::Bucket", "ARN": arn}]
    if error:
        detail["errorCode"], detail["errorMessage"] = error
    return detail


def error_of(status: int, body: bytes) -> tuple[str, str] | None:
    """The error's code and message, when the call failed."""
    if status < 400:
        return None
    text = body.decode(errors="replace")
    if (fault := _json(body)) and isinstance(fault, dict):
        code = str(fault.get("__type", status)).rsplit("#", 1)[-1]
        return code, fault.get("message") or fault.get("Message") or ""
    code = re.search(r"<Code>([^<]+)", text)
    message = re.search(r"<Message>([^<]+)", text)
    return code.group(1) if code else str(status), message.group(1) if message else ""


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def from_xml(body: bytes) -> dict:
    """A request's XML as CloudTrail records it."""
    try:
        root = fromstring(body)
    except ParseError:
        return {}
    value = _value(root)
    if not isinstance(value, dict):
        value = {}
    if namespace := re.match(r"\{(.+)\}", root.tag):
        value["xmlns"] = namespace.group(1)
    return {_local(root): value}


def _local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _value(element: Element) -> object:
    if len(element) == 0:
        text = (element.text or "").strip()
        if text in ("true", "false"):
            return text == "true"
        return int(text) if re.fullmatch(r"[1-9]\d{0,17}|0", text) else text
    out: dict = {}
    for child in element:
        key, value = _local(child), _value(child)
        if key not in out:
            out[key] = value
        elif isinstance(out[key], list):
            out[key].append(value)
        else:
            out[key] = [out[key], value]
    return out
