"""Buckets as S3 has answered since April 2026, as it answered before 2023 if a test asks, and as stacks make them.

A new bucket has SSE-S3 and blocks SSE-C; leaving out `BlockedEncryptionTypes` in a PUT keeps what was there.
A policy's status tells whether it is public, and a call that expects another owner is refused.
A bucket of a stack gets all its properties, its changes are CloudTrail events, and it cannot be deleted while it
holds something.
"""

import json
import re
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring
from ministack.core.responses import get_account_id, get_region
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from . import records, trails

LEGACY = "_s3guard_before_2023"
BLOCKED = "_s3guard_blocked_encryption_types"

_get_encryption = s3._get_bucket_encryption
_put_encryption = s3._put_bucket_encryption
_create_bucket = s3._create_bucket
_dispatch = s3._dispatch


def make_legacy(name: str) -> None:
    """Makes the bucket one from before 2023 that nobody ever configured: no encryption, no public access block."""
    bucket = s3._buckets[name]
    bucket[LEGACY], bucket[BLOCKED] = True, ["NONE"]
    bucket.pop("_public_access_block", None)
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
    return status, headers, _with_blocked_types(text, bucket.get(BLOCKED, ["SSE-C"]))


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


def _put_bucket_encryption(name: str, body: bytes) -> tuple:
    answer = _put_encryption(name, body)
    if answer[0] == 200:
        blocked = [e.text for e in fromstring(body).iter() if e.tag.rsplit("}", 1)[-1] == "EncryptionType"]
        if blocked:
            s3._buckets[name][BLOCKED] = blocked
    return answer


def _create_in_namespace(name: str, body: bytes, headers: dict | None = None, endpoint_region: str | None = None) -> tuple:
    namespace = (headers or {}).get("x-amz-bucket-namespace", "global")
    if namespace == "account-regional" and not name.endswith(_regional_suffix()):
        message = f"The bucket name must end with {_regional_suffix()} in the account-regional namespace."
        return s3._error("InvalidBucketNamespace", message, 400, f"/{name}")
    return _create_bucket(name, body, headers, endpoint_region)


def _dispatch_to_more(method: str, bucket: str, key: str, headers: dict, body: bytes, query_params: dict) -> tuple:
    expected = headers.get("x-amz-expected-bucket-owner")
    if expected and expected != get_account_id():
        return s3._error("AccessDenied", "Access Denied", 403)
    if (method, key) == ("GET", "") and bucket in s3._buckets and "policyStatus" in query_params:
        return _policy_status(bucket)
    return _dispatch(method, bucket, key, headers, body, query_params)


def _policy_status(bucket: str) -> tuple:
    policy = s3._bucket_policies.get(bucket)
    if not policy:
        return s3._error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    public = str(s3._policy_is_public(policy)).lower()
    xml = f'<PolicyStatus xmlns="{s3.S3_NS}"><IsPublic>{public}</IsPublic></PolicyStatus>'
    return 200, {"Content-Type": "application/xml"}, xml.encode()


def _regional_suffix() -> str:
    return f"-{get_account_id()}-{get_region()}-an"


# ---------------------------------------------------------------- buckets of stacks

# Property, then CloudTrail's name and sub-resource of the call that CloudFormation makes for it.
CALLS = {
    "BucketEncryption": ("PutBucketEncryption", "encryption"),
    "PublicAccessBlockConfiguration": ("PutBucketPublicAccessBlock", "publicAccessBlock"),
    "VersioningConfiguration": ("PutBucketVersioning", "versioning"),
    "OwnershipControls": ("PutBucketOwnershipControls", "ownershipControls"),
    "LoggingConfiguration": ("PutBucketLogging", "logging"),
    "LifecycleConfiguration": ("PutBucketLifecycle", "lifecycle"),
    "NotificationConfiguration": ("PutBucketNotification", "notification"),
    "CorsConfiguration": ("PutBucketCors", "cors"),
    "WebsiteConfiguration": ("PutBucketWebsite", "website"),
    "Tags": ("PutBucketTagging", "tagging"),
}


def _create(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    if prefix := properties.get("BucketNamePrefix"):
        properties = {**properties, "BucketName": f"{prefix.removesuffix('-')}{_regional_suffix()}"}
    name = properties.get("BucketName", "")
    if properties.get("BucketNamespace") == "account-regional" and not name.endswith(_regional_suffix()):
        raise ValueError(f"The bucket name must end with {_regional_suffix()} (Error Code: InvalidBucketNamespace)")
    name, attributes = _of_stack["create"](logical_id, properties, stack_name)
    _apply(name, properties)
    _tell("CreateBucket", "", name)
    _tell_changes(name, {}, properties)
    return name, attributes


def _update(physical_id: str, old: dict, new: dict, stack_name: str) -> tuple[str, dict]:
    name, attributes = _of_stack["update"](physical_id, old, new, stack_name)
    _apply(name, new)
    _tell_changes(name, old, new)
    return name, attributes


def _delete(physical_id: str, properties: dict) -> None:
    bucket = s3._buckets.get(physical_id)
    if bucket and (bucket.get("objects") or s3._bucket_has_versions(physical_id)):
        raise ValueError(
            "The bucket you tried to delete is not empty "
            f"(Service: S3, Status Code: 409, Error Code: BucketNotEmpty) [{physical_id}]"
        )
    _of_stack["delete"](physical_id, properties)
    if bucket:
        _tell("DeleteBucket", "", physical_id)


def _apply(name: str, properties: dict) -> None:
    """The properties that MiniStack drops."""
    if encryption := properties.get("BucketEncryption"):
        _done(_put_bucket_encryption(name, _encryption_xml(encryption)))
    if ownership := properties.get("OwnershipControls"):
        root = Element("OwnershipControls", xmlns=s3.S3_NS)
        for rule in ownership.get("Rules", []):
            SubElement(SubElement(root, "Rule"), "ObjectOwnership").text = rule["ObjectOwnership"]
        _done(s3._put_bucket_ownership_controls(name, tostring(root)))
    if logging := properties.get("LoggingConfiguration"):
        root = Element("BucketLoggingStatus", xmlns=s3.S3_NS)
        enabled = SubElement(root, "LoggingEnabled")
        SubElement(enabled, "TargetBucket").text = logging.get("DestinationBucketName") or name
        SubElement(enabled, "TargetPrefix").text = logging.get("LogFilePrefix", "")
        _done(s3._put_bucket_logging(name, tostring(root)))
    if tags := properties.get("Tags"):
        s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in tags}


def _encryption_xml(encryption: dict) -> bytes:
    root = Element("ServerSideEncryptionConfiguration", xmlns=s3.S3_NS)
    for given in encryption.get("ServerSideEncryptionConfiguration", []):
        rule = SubElement(root, "Rule")
        if default := given.get("ServerSideEncryptionByDefault"):
            applied = SubElement(rule, "ApplyServerSideEncryptionByDefault")
            SubElement(applied, "SSEAlgorithm").text = default["SSEAlgorithm"]
            if key := default.get("KMSMasterKeyID"):
                SubElement(applied, "KMSMasterKeyID").text = key
        if "BucketKeyEnabled" in given:
            SubElement(rule, "BucketKeyEnabled").text = str(given["BucketKeyEnabled"]).lower()
        if blocked := given.get("BlockedEncryptionTypes"):
            types = SubElement(rule, "BlockedEncryptionTypes")
            for one in blocked.get("EncryptionType", []):
                SubElement(types, "EncryptionType").text = one
    return tostring(root)


def _done(answer: tuple) -> None:
    if answer[0] >= 400:
        raise ValueError(answer[2].decode(errors="replace"))


def _tell_changes(name: str, old: dict, new: dict) -> None:
    for wanted, (event, subresource) in CALLS.items():
        if new.get(wanted) != old.get(wanted) and wanted in new:
            _tell(event, subresource, name)


def _tell(event: str, subresource: str, bucket: str) -> None:
    parameters = records.of_bucket(event, subresource, bucket)
    if event == "CreateBucket" and get_region() != "us-east-1":
        parameters["CreateBucketConfiguration"] = {"LocationConstraint": get_region(), "xmlns": s3.S3_NS}
    trails.publish(records.record(event, parameters, "", records.CLOUDFORMATION))


def _create_policy(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    made = _policy_of_stack["create"](logical_id, properties, stack_name)
    _tell_policy(properties)
    return made


def _update_policy(physical_id: str, old: dict, new: dict, stack_name: str) -> tuple[str, dict]:
    made = _policy_of_stack["update"](physical_id, old, new, stack_name)
    _tell_policy(new)
    return made


def _tell_policy(properties: dict) -> None:
    body = json.dumps(properties.get("PolicyDocument", {})).encode()
    parameters = records.of_bucket("PutBucketPolicy", "policy", properties.get("Bucket", ""), body)
    trails.publish(records.record("PutBucketPolicy", parameters, "", records.CLOUDFORMATION))


_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"])
_policy_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"])


def install() -> None:
    """Puts the above in MiniStack's place."""
    s3._get_bucket_encryption = _get_bucket_encryption
    s3._put_bucket_encryption = _put_bucket_encryption
    s3._create_bucket = _create_in_namespace
    s3._dispatch = _dispatch_to_more
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"].update(create=_create, update=_update, delete=_delete)
    provisioners._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"].update(create=_create_policy, update=_update_policy)
