"""Buckets with the defaults of S3 since April 2026, or with those from before 2023 if a test asks.

A new bucket has SSE-S3 and blocks SSE-C; leaving out `BlockedEncryptionTypes` in a PUT keeps what was there.
A call that expects another owner is refused.  Other settings are in `settings`, `access` and `notifications`.
"""

import re
from xml.etree.ElementTree import SubElement, tostring

from defusedxml.ElementTree import fromstring
from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

from . import access, encryption, settings
from .encryption import BLOCKED, BLOCKED_SSE_C

LEGACY = "_s3guard_before_2023"

_get_encryption = s3._get_bucket_encryption
_put_encryption = s3._put_bucket_encryption
_create_bucket = s3._create_bucket
_dispatch = s3._dispatch


def make_legacy(name: str) -> None:
    """Gives the bucket the defaults from before 2023: no encryption, no public access block, no object ownership."""
    bucket = s3._buckets[name]
    bucket[LEGACY], bucket[BLOCKED] = True, ["NONE"]
    bucket.pop("_public_access_block", None)
    # Without object ownership, such a bucket uses ACLs.
    bucket.pop("_ownership_controls", None)
    bucket["_ownership_controls_deleted"] = True
    s3._bucket_encryption.pop(name, None)


def _get_bucket_encryption(name: str) -> tuple:
    bucket = s3._buckets.get(name)
    if bucket is not None and bucket.get(LEGACY) and name not in s3._bucket_encryption:
        return s3._error(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
            404,
            f"/{name}",
        )
    status, headers, body = _get_encryption(name)
    if status != 200:
        return status, headers, body
    text = body if isinstance(body, bytes) else body.encode()
    return status, headers, _with_blocked_types(text, bucket.get(BLOCKED, [BLOCKED_SSE_C]))


def _with_blocked_types(body: bytes, blocked: list[str]) -> bytes:
    """The configuration with each rule's `BlockedEncryptionTypes` and `BucketKeyEnabled` spelled out."""
    root = fromstring(body)
    namespace = match.group(0) if (match := re.match(r"\{.+\}", root.tag)) else ""
    for rule in root.findall(f"{namespace}Rule"):
        if rule.find(f"{namespace}BucketKeyEnabled") is None:
            SubElement(rule, f"{namespace}BucketKeyEnabled").text = "false"
        if rule.find(f"{namespace}BlockedEncryptionTypes") is None:
            types = SubElement(rule, f"{namespace}BlockedEncryptionTypes")
            for one in blocked:
                SubElement(types, f"{namespace}EncryptionType").text = one
    return tostring(root, encoding="utf-8", xml_declaration=True)


def put_encryption(name: str, body: bytes) -> tuple:
    """`PutBucketEncryption`."""
    answer = _put_encryption(name, body)
    if answer[0] == 200:
        blocked = [e.text for e in fromstring(body).iter() if e.tag.rsplit("}", 1)[-1] == "EncryptionType"]
        if blocked:
            s3._buckets[name][BLOCKED] = blocked
    return answer


def _create_in_namespace(name: str, body: bytes, headers: dict | None = None, endpoint_region: str | None = None) -> tuple:
    namespace = (headers or {}).get("x-amz-bucket-namespace", "global")
    if namespace == "account-regional" and not name.endswith(regional_suffix()):
        message = f"The bucket name must end with {regional_suffix()} in the account-regional namespace."
        return s3._error("InvalidBucketNamespace", message, 400, f"/{name}")
    ownership = (headers or {}).get("x-amz-object-ownership")
    if ownership is not None and ownership not in settings.OWNERSHIPS:
        message = f"Invalid x-amz-object-ownership header: {ownership}"
        extra = {"ArgumentName": "x-amz-object-ownership"}
        return s3._error("InvalidArgument", message, 400, f"/{name}", extra)
    return _create_bucket(name, body, headers, endpoint_region)


def _dispatch_to_more(method: str, bucket: str, key: str, headers: dict, body: bytes, query_params: dict) -> tuple:
    expected = headers.get("x-amz-expected-bucket-owner")
    if expected and not access.is_mine(bucket, expected):
        return s3._error("AccessDenied", "Access Denied", 403)
    if key and method == "GET" and (refused := encryption.unreadable(bucket, key, query_params)):
        return refused
    if bucket and not key:
        if (method, bucket in s3._buckets) == ("GET", True) and "policyStatus" in query_params:
            return access.policy_status(bucket)
        if answered := settings.answer(method, bucket, headers, body, query_params):
            return answered
        if method == "GET":
            query_params = settings.with_a_page_of_s3(query_params)
    return _dispatch(method, bucket, key, headers, body, query_params)


def regional_suffix() -> str:
    """How names end in the account-regional namespace."""
    return f"-{get_account_id()}-{get_region()}-an"


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    s3._get_bucket_encryption = _get_bucket_encryption
    s3._put_bucket_encryption = put_encryption
    s3._create_bucket = _create_in_namespace
    s3._dispatch = _dispatch_to_more
