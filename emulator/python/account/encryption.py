"""Encryption at rest: what S3 returns of an object's, and the use of a KMS key, which needs the caller's permission.

S3, SNS and SQS use a customer managed key with the rights of the caller, through `kms:ViaService`.  An AWS managed key
lets everyone in the account use it through its service.  Without a header an object has the bucket's default encryption,
and without a default SSE-S3.
"""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import kms, s3, sns, sqs

from . import context, keys

HEADER = "x-amz-server-side-encryption"
KEY_HEADER = f"{HEADER}-aws-kms-key-id"
BUCKET_KEY_HEADER = f"{HEADER}-bucket-key-enabled"
WITH_KMS = ("aws:kms", "aws:kms:dsse")
# What a bucket's default encryption refuses: where its record has it, and the type.
BLOCKED, BLOCKED_SSE_C = "_s3guard_blocked_encryption_types", "SSE-C"
# Where the region and the account are in the ARN of a key.
KEY_ARN_REGION, KEY_ARN_ACCOUNT = 3, 4
UUID = re.compile(r"(mrk-)?[0-9a-f-]{32,36}")
# Reads of something else than the object's data.
OTHER_READS = ("acl", "attributes", "legal-hold", "retention", "tagging", "torrent", "uploadId")
ENCRYPT, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"

_resolve_write_headers = s3._resolve_sse_write_headers


@dataclass(frozen=True)
class Use:
    """One use of a key by a service, with the rights of the caller of the service."""

    service: str
    action: str
    key: str
    encryption_context: tuple
    error_code: str = ""

    def keys(self) -> dict:
        """Its condition keys."""
        return {
            "aws:viaawsservice": "true",
            "kms:calleraccount": get_account_id(),
            "kms:viaservice": self.service.replace(".amazonaws.com", f".{get_region()}.amazonaws.com"),
            **context.encryption_context(dict(self.encryption_context)),
        }


def uses(action: str, resource: str, request: context.HttpRequest | None) -> list[Use]:
    """The uses of keys that an allowed call needs; `request` is the call itself, if it has headers that count."""
    match action:
        case "s3:PutObject":
            return _of_put(resource, request)
        case "s3:GetObject" | "s3:GetObjectVersion":
            return _of_get(resource, request)
        case "sns:Publish":
            topic = sns._topic_by_arn_any_scope(resource)
            key = _key(topic["attributes"].get("KmsMasterKeyId")) if topic else ""
            made = ("sns.amazonaws.com", key, (("aws:sns:topicArn", resource),), "KMSAccessDenied")
            return _several((ENCRYPT, DECRYPT), *made)
        case "sqs:SendMessage" | "sqs:ReceiveMessage":
            queue = sqs._queue_by_arn(resource)
            key = _key(queue["attributes"].get("KmsMasterKeyId")) if queue else ""
            actions = (ENCRYPT, DECRYPT) if action == "sqs:SendMessage" else (DECRYPT,)
            made = ("sqs.amazonaws.com", key, (("aws:sqs:arn", resource),), "KMS.AccessDeniedException")
            return _several(actions, *made)
    return []


def _several(actions: tuple, service: str, key: str, encryption_context: tuple, error_code: str = "") -> list[Use]:
    return [Use(service, action, key, encryption_context, error_code) for action in actions] if key else []


def _key(name: str | None) -> str:
    """The ARN of a customer managed key that is in this account; nothing for other keys."""
    record = kms._resolve_key(name) if name else None
    return record["Arn"] if record and not keys.is_managed(record) else ""


def _of_put(resource: str, request: context.HttpRequest | None) -> list[Use]:
    bucket, _, _ = resource.removeprefix("arn:aws:s3:::").partition("/")
    if bucket not in s3._buckets:
        return []
    part = request and (request.query.get("uploadId") or [""])[0]
    stored, refused = ({}, None)
    if part:
        stored = (s3._multipart_uploads.get(part) or {}).get("preserved_headers", {})
    else:
        stored, refused = _write_headers(request.headers if request else {}, bucket)
    # A part is encrypted with the key of the upload, which has to be decrypted first.
    return [] if refused else _of_object(stored, resource, (ENCRYPT, DECRYPT) if part else (ENCRYPT,))


def _of_get(resource: str, request: context.HttpRequest | None) -> list[Use]:
    if request and request.method == "HEAD":
        return []
    bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
    version = (request.query.get("versionId") or [""])[0] if request else ""
    return _of_object(stored_headers(bucket, key, version), resource, (DECRYPT,))


def stored_headers(bucket: str, key: str, version: str = "") -> dict:
    """What is stored of the encryption of an object or of one of its versions."""
    if version:
        found = next((v for v in s3._object_versions.get((bucket, key), []) if v["version_id"] == version), None)
        record = s3._object_record_from_version(found) if found else {}
    else:
        record = (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key) or {}
    return record.get("preserved_headers", {})


def needs_key(owner: str, bucket: str, key: str, version: str) -> bool:
    """Whether the object of an account can only be read with the right to use a key of KMS."""
    with request_scope(owner, get_region()):
        return stored_headers(bucket, key, version).get(HEADER) in WITH_KMS


def _of_object(stored: dict, resource: str, actions: tuple) -> list[Use]:
    if stored.get(HEADER) not in WITH_KMS:
        return []
    arn = resource.split("/")[0] if stored.get(BUCKET_KEY_HEADER) == "true" else resource
    return _several(actions, "s3.amazonaws.com", _key(stored.get(KEY_HEADER)), (("aws:s3:arn", arn),))


# ---------------------------------------------------------------- what S3 stores and returns


def _write_headers(headers: dict, bucket: str) -> tuple:
    """The encryption of a new object, and the refusal of its headers."""
    given = headers.get(HEADER, "")
    customers = any(name.startswith(f"{HEADER}-customer-") for name in headers)
    if customers and BLOCKED_SSE_C in (s3._buckets.get(bucket) or {}).get(BLOCKED, [BLOCKED_SSE_C]):
        return None, s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
    if customers or (given and given not in WITH_KMS):
        return _resolve_write_headers(headers, bucket)
    default, default_key, default_bucket_key = default_encryption(bucket)
    algorithm = given or default
    if algorithm not in WITH_KMS:
        return {HEADER: algorithm}, None
    key = headers.get(KEY_HEADER, "") if given else default_key
    record = kms._resolve_key(key) if key else keys.managed("alias/aws/s3")
    if refused := _unusable(key, record):
        return None, refused
    stored = {HEADER: algorithm, KEY_HEADER: record["Arn"] if record else key}
    bucket_key = headers.get(BUCKET_KEY_HEADER, "").lower() == "true" if BUCKET_KEY_HEADER in headers else default_bucket_key
    if bucket_key and algorithm == "aws:kms":
        stored[BUCKET_KEY_HEADER] = "true"
    return stored, None


def _unusable(name: str, record: dict | None) -> tuple | None:
    """S3's refusal of a key that does not exist or cannot be used.  Keys of other accounts are not known here."""
    if record is None:
        parts = name.split(":")
        if len(parts) > KEY_ARN_ACCOUNT and parts[KEY_ARN_ACCOUNT] != get_account_id():
            return None
        if len(parts) > KEY_ARN_ACCOUNT and parts[KEY_ARN_REGION] != get_region():
            return _kms_error("NotFoundException", f"Invalid arn {parts[KEY_ARN_REGION]}")
        if not name.startswith("arn:") and not UUID.fullmatch(name):
            return _kms_error("NotFoundException", f"Invalid keyId '{name}'")
        arn = name if name.startswith("arn:") else f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{name}"
        return _kms_error("NotFoundException", f"Key '{arn}' does not exist")
    match record["KeyState"]:
        case "Disabled":
            return _kms_error("DisabledException", f"{record['Arn']} is disabled.")
        case "PendingDeletion":
            return _kms_error("KMSInvalidStateException", f"{record['Arn']} is pending deletion.")
    return None


def _kms_error(code: str, message: str) -> tuple:
    return s3._error(f"KMS.{code}", message, 400)


def unreadable(bucket: str, key: str, query: dict) -> tuple | None:
    """S3's refusal to read an object whose key cannot be used."""
    if any(name in query for name in OTHER_READS):
        return None
    stored = stored_headers(bucket, key, s3._qp(query, "versionId", ""))
    name = stored.get(KEY_HEADER, "")
    record = kms._resolve_key(name) if name else None
    return _unusable(name, record) if record else None


def default_encryption(bucket: str) -> tuple[str, str, bool]:
    """The bucket's default algorithm and key, and whether it uses a bucket key."""
    try:
        root = fromstring(s3._bucket_encryption.get(bucket) or "<none/>")
    except ParseError:
        return "AES256", "", False
    found = {element.tag.rsplit("}", 1)[-1]: (element.text or "").strip() for element in root.iter()}
    algorithm, key = found.get("SSEAlgorithm") or "AES256", found.get("KMSMasterKeyID", "")
    return algorithm, key, found.get("BucketKeyEnabled", "").lower() == "true"


def _default_headers(bucket: str) -> dict:
    return _write_headers({}, bucket)[0]


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    s3._resolve_sse_write_headers = _write_headers
    s3._bucket_default_sse_headers = _default_headers
