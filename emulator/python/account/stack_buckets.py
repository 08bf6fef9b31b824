"""Buckets and their policies as stacks create them: with all properties, by calls of CloudFormation.

Each of these calls is a CloudTrail event of the caller, invoked by CloudFormation.  A bucket has the stack's tags
from the start, a policy does not replace another one, and a bucket with objects cannot be deleted.
"""

import json
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.core.responses import get_region
from ministack.services import s3
from ministack.services.cloudformation import _stacks, provisioners

from . import access, buckets, caller, records, settings, trails

# Property, then CloudTrail's names and the sub-resource of the calls that CloudFormation makes to set and to remove it.
CALLS = {
    "OwnershipControls": ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls", "ownershipControls"),
    "BucketEncryption": ("PutBucketEncryption", "DeleteBucketEncryption", "encryption"),
    "PublicAccessBlockConfiguration": ("PutBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "publicAccessBlock"),
    "AccessControl": ("PutBucketAcl", "PutBucketAcl", "acl"),
    "VersioningConfiguration": ("PutBucketVersioning", "PutBucketVersioning", "versioning"),
    "ObjectLockConfiguration": ("PutBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration", "object-lock"),
    "LoggingConfiguration": ("PutBucketLogging", "PutBucketLogging", "logging"),
    "LifecycleConfiguration": ("PutBucketLifecycle", "DeleteBucketLifecycle", "lifecycle"),
    "ReplicationConfiguration": ("PutBucketReplication", "DeleteBucketReplication", "replication"),
    "NotificationConfiguration": ("PutBucketNotification", "PutBucketNotification", "notification"),
    "CorsConfiguration": ("PutBucketCors", "DeleteBucketCors", "cors"),
    "WebsiteConfiguration": ("PutBucketWebsite", "DeleteBucketWebsite", "website"),
    "AccelerateConfiguration": ("PutAccelerateConfiguration", "PutAccelerateConfiguration", "accelerate"),
}


def _create(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    suffix = buckets.regional_suffix()
    if prefix := properties.get("BucketNamePrefix"):
        properties = {**properties, "BucketName": f"{prefix.removesuffix('-')}{suffix}"}
    name = properties.get("BucketName", "")
    if properties.get("BucketNamespace") == "account-regional" and not name.endswith(suffix):
        raise ValueError(f"The bucket name must end with {suffix} (Error Code: InvalidBucketNamespace)")
    name, attributes = _of_stack["create"](logical_id, properties, stack_name)
    _tag(name, logical_id, properties, stack_name)
    if properties.get("ObjectLockEnabled"):
        s3._bucket_object_lock[name] = {"enabled": True, "default_retention": None}
        s3._bucket_versioning[name] = "Enabled"
    _apply(name, {}, properties)
    _tell("CreateBucket", "", name)
    _tell("PutBucketTagging", "tagging", name)
    _tell_changes(name, {}, properties)
    return name, attributes


def _update(physical_id: str, old: dict, new: dict, stack_name: str) -> tuple[str, dict]:
    name, attributes = _of_stack["update"](physical_id, old, new, stack_name)
    if new.get("Tags") != old.get("Tags"):
        system = {key: tag for key, tag in (s3._bucket_tags.get(name) or {}).items() if key.startswith("aws:")}
        s3._bucket_tags[name] = {**system, **_tags(new)}
        _tell("PutBucketTagging", "tagging", name)
    _apply(name, old, new)
    _tell_changes(name, old, new)
    return name, attributes


def _delete(physical_id: str, _properties: dict) -> None:
    if physical_id not in s3._buckets:
        return
    status = s3._delete_bucket(physical_id)[0]
    if status == 409:
        raise ValueError(
            "The bucket you tried to delete is not empty "
            f"(Service: S3, Status Code: 409, Error Code: BucketNotEmpty) [{physical_id}]"
        )
    _tell("DeleteBucket", "", physical_id)


def _tag(name: str, logical_id: str, properties: dict, stack_name: str) -> None:
    stack = _stacks.get(stack_name) or {}
    s3._bucket_tags[name] = {
        "aws:cloudformation:stack-id": stack.get("StackId", ""),
        "aws:cloudformation:stack-name": stack_name,
        "aws:cloudformation:logical-id": logical_id,
        **_tags(stack),
        **_tags(properties),
    }


def _tags(owner: dict) -> dict:
    return {tag["Key"]: tag["Value"] for tag in owner.get("Tags") or []}


def _apply(name: str, old: dict, properties: dict) -> None:
    """The properties that MiniStack drops."""
    if encryption := properties.get("BucketEncryption"):
        _done(buckets.put_encryption(name, _encryption_xml(encryption)))
    elif "BucketEncryption" in old:
        s3._delete_bucket_encryption(name)
    if ownership := properties.get("OwnershipControls"):
        root = Element("OwnershipControls", xmlns=s3.S3_NS)
        for rule in ownership.get("Rules", []):
            SubElement(SubElement(root, "Rule"), "ObjectOwnership").text = rule["ObjectOwnership"]
        _put(name, "ownershipControls", root)
    elif "OwnershipControls" in old:
        s3._delete_bucket_ownership_controls(name)
    if versioning := properties.get("VersioningConfiguration") or old.get("VersioningConfiguration"):
        status = versioning["Status"] if "VersioningConfiguration" in properties else "Suspended"
        _put(name, "versioning", _flat("VersioningConfiguration", {"Status": status}))
    if logging := properties.get("LoggingConfiguration"):
        root = Element("BucketLoggingStatus", xmlns=s3.S3_NS)
        target = {"TargetBucket": logging.get("DestinationBucketName") or name}
        root.append(_flat("LoggingEnabled", {**target, "TargetPrefix": logging.get("LogFilePrefix", "")}))
        _put(name, "logging", root)
    elif "LoggingConfiguration" in old:
        _put(name, "logging", Element("BucketLoggingStatus"))
    if accelerate := properties.get("AccelerateConfiguration"):
        status = {"Status": accelerate["AccelerationStatus"]}
        _put(name, "accelerate", _flat("AccelerateConfiguration", status))
    if access_control := properties.get("AccessControl"):
        _done(access.put_acl(name, b"", {"x-amz-acl": _canned(access_control)}))
    if retention := (properties.get("ObjectLockConfiguration") or {}).get("Rule", {}).get("DefaultRetention"):
        root = _flat("ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled"})
        SubElement(root, "Rule").append(_flat("DefaultRetention", retention))
        _done(s3._put_object_lock_configuration(name, tostring(root)))


def _put(name: str, subresource: str, root: Element) -> None:
    answer = settings.answer("PUT", name, {}, tostring(root), {subresource: [""]})
    if answer:
        _done(answer)


def _flat(name: str, children: dict) -> Element:
    root = Element(name)
    for child, text in children.items():
        SubElement(root, child).text = str(text)
    return root


def _canned(access_control: str) -> str:
    """`PublicRead` is `public-read`."""
    return "".join(f"-{one.lower()}" if one.isupper() else one for one in access_control).lstrip("-")


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
    for wanted, (put, remove, subresource) in CALLS.items():
        if new.get(wanted) != old.get(wanted):
            _tell(put if wanted in new else remove, subresource, name)


def _tell(event: str, subresource: str, bucket: str) -> None:
    parameters = records.of_bucket(event, subresource, bucket)
    if event == "CreateBucket" and get_region() != "us-east-1":
        parameters["CreateBucketConfiguration"] = {"LocationConstraint": get_region(), "xmlns": s3.S3_NS}
    trails.publish(records.record(event, parameters, "", caller.CLOUDFORMATION))


# ---------------------------------------------------------------- their policies


def _create_policy(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    bucket = properties.get("Bucket", "")
    if s3._bucket_policies.get(bucket):
        raise ValueError(f"The bucket policy already exists on bucket {bucket}. (HandlerErrorCode: AlreadyExists)")
    _check_policy(properties)
    _, attributes = _policy_of_stack["create"](logical_id, properties, stack_name)
    _tell_policy(properties)
    return bucket, attributes


def _update_policy(physical_id: str, old: dict, new: dict, stack_name: str) -> tuple[str, dict]:
    _check_policy(new)
    _, attributes = _policy_of_stack["update"](physical_id, old, new, stack_name)
    _tell_policy(new)
    return new.get("Bucket", ""), attributes


def _delete_policy(physical_id: str, properties: dict) -> None:
    bucket = properties.get("Bucket", "")
    had = bool(s3._bucket_policies.get(bucket))
    _policy_of_stack["delete"](physical_id, properties)
    if had:
        _tell("DeleteBucketPolicy", "policy", bucket)


def _check_policy(properties: dict) -> None:
    """Puts the policy as S3 would, so that a policy that S3 refuses fails the stack."""
    document = properties.get("PolicyDocument", {})
    text = document if isinstance(document, str) else json.dumps(document)
    _done(access.put_policy(properties.get("Bucket", ""), text.encode()))


def _tell_policy(properties: dict) -> None:
    body = json.dumps(properties.get("PolicyDocument", {})).encode()
    parameters = records.of_bucket("PutBucketPolicy", "policy", properties.get("Bucket", ""), body)
    trails.publish(records.record("PutBucketPolicy", parameters, "", caller.CLOUDFORMATION))


_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"])
_policy_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"])


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::S3::Bucket"].update(create=_create, update=_update, delete=_delete)
    handlers["AWS::S3::BucketPolicy"].update(create=_create_policy, update=_update_policy, delete=_delete_policy)
