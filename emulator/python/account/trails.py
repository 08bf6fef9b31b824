"""Trails: `AWS::CloudTrail::Trail`, what a trail needs of its bucket, and its events on the default event bus.

As on AWS an event reaches EventBridge only while a trail that covers the region is logging, and the trail
leaves log files in its bucket, which is therefore not empty when it is to be deleted.
"""

import gzip
import json
import threading
import time
import uuid

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudtrail, eventbridge, s3
from ministack.services.cloudformation import provisioners

from . import authorization

SERVICE = "cloudtrail.amazonaws.com"
LOG_FILE_EVERY_SECONDS = 5.0

_create_trail = cloudtrail._create_trail
_delete_trail = cloudtrail._delete_trail
_unwritten: dict[tuple[str, str], list[dict]] = {}
_lock = threading.Lock()


def publish(record: dict) -> None:
    """Publishes the record on the default bus and adds it to the trail's next log file."""
    # What stops a trail is recorded before it does.
    is_of_trail = record["eventSource"] == SERVICE
    if not is_of_trail and not any(_sees_writes(region, name, trail) for region, name, trail in cloudtrail._visible_trail_items()):
        return
    with _lock:
        _unwritten.setdefault((get_account_id(), get_region()), []).append(record)
    entry = {
        "Source": f"aws.{record['eventSource'].split('.')[0]}",
        "DetailType": "AWS API Call via CloudTrail",
        "Detail": json.dumps(record),
        "Resources": [],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _sees_writes(home_region: str, name: str, trail: dict) -> bool:
    """Whether the trail logs, and its selectors choose write management events of S3."""
    if not trail.get("IsLogging"):
        return False
    selectors = cloudtrail._event_selectors.get_scoped(get_account_id(), home_region, name)
    if not selectors:
        return True
    return any(_advanced(one) if "FieldSelectors" in one else _basic(one) for one in selectors)


def _basic(selector: dict) -> bool:
    return (
        _truth(selector.get("IncludeManagementEvents", True))
        and selector.get("ReadWriteType", "All") in ("All", "WriteOnly")
    )


def _advanced(selector: dict) -> bool:
    fields = {field["Field"]: field for field in selector["FieldSelectors"]}
    wanted = {"eventCategory": "Management", "readOnly": "false", "eventSource": "s3.amazonaws.com"}
    for name, value in wanted.items():
        field = fields.get(name, {})
        if "Equals" in field and value not in field["Equals"]:
            return False
        if value in field.get("NotEquals", []):
            return False
    return "eventCategory" in fields


def write_log_files() -> None:
    """Delivers the pending log files of every account."""
    with _lock:
        gathered = list(_unwritten.items())
        _unwritten.clear()
    for (account, region), records in gathered:
        with request_scope(account, region):
            for _, _, trail in cloudtrail._visible_trail_items():
                if trail.get("IsLogging") and trail["S3BucketName"] in s3._buckets:
                    _write_log_file(trail, records)


def _write_log_file(trail: dict, records: list[dict]) -> None:
    account, region = get_account_id(), get_region()
    now = time.gmtime()
    prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    folder = f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{time.strftime('%Y/%m/%d', now)}"
    stamp = time.strftime("%Y%m%dT%H%MZ", now)
    key = f"{folder}/{account}_CloudTrail_{region}_{stamp}_{uuid.uuid4().hex[:16]}.json.gz"
    s3._put_object(trail["S3BucketName"], key, gzip.compress(json.dumps({"Records": records}).encode()), {})


def _create_checked(body: dict) -> tuple:
    """`CreateTrail`, which AWS refuses when the trail may not write into its bucket or use its key."""
    arn = f"arn:aws:cloudtrail:{get_region()}:{get_account_id()}:trail/{body.get('Name', '')}"
    bucket = body.get("S3BucketName", "")
    if bucket not in s3._buckets:
        return cloudtrail._err("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")
    prefix = f"{body['S3KeyPrefix']}/" if body.get("S3KeyPrefix") else ""
    log_file = f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{get_account_id()}/CloudTrail/file"
    may_look = _allows("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}", arn)
    may_write = _allows("s3:PutObject", log_file, arn)
    if not (may_look and may_write):
        message = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
        return cloudtrail._err("InsufficientS3BucketPolicyException", message)
    key = body.get("KmsKeyId", "")
    if key.startswith("arn:") and ":key/" in key:
        if not _allows("kms:GenerateDataKey", key, arn):
            return cloudtrail._err(
                "InsufficientEncryptionPolicyException",
                "Insufficient permissions to access S3 bucket or KMS key",
            )
    return _create_trail(body)


def _allows(action: str, resource: str, trail_arn: str) -> bool:
    keys = {"s3:x-amz-acl": "bucket-owner-full-control", "kms:encryptioncontext:aws:cloudtrail:arn": trail_arn}
    return authorization.of_service(SERVICE, action, resource, trail_arn, keys).allowed


def _delete_after_last_file(body: dict) -> tuple:
    write_log_files()
    return _delete_trail(body)


# ---------------------------------------------------------------- the resource

REQUIRED = ("S3BucketName", "IsLogging")
SAME_NAME = ("S3BucketName", "S3KeyPrefix", "SnsTopicName")
SWITCHES = ("IncludeGlobalServiceEvents", "IsMultiRegionTrail", "IsOrganizationTrail")


def _create(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    for required in REQUIRED:
        if required not in properties:
            raise ValueError(
                f"Properties validation failed for resource {logical_id} with message: "
                f"#: required key [{required}] not found"
            )
    name = properties.get("TrailName") or f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
    body = {key: properties[key] for key in SAME_NAME if key in properties}
    body.update({key: _truth(properties[key]) for key in SWITCHES if key in properties})
    body["Name"] = name
    body["EnableLogFileValidation"] = _truth(properties.get("EnableLogFileValidation", False))
    body["KmsKeyId"] = properties.get("KMSKeyId", "")
    arn = _answer(_create_checked(body))["TrailARN"]
    for kind in ("EventSelectors", "AdvancedEventSelectors"):
        if selectors := properties.get(kind):
            _answer(cloudtrail._put_event_selectors({"TrailName": name, kind: selectors}))
    if _truth(properties["IsLogging"]):
        _answer(cloudtrail._start_logging({"Name": name}))
    return name, {"Arn": arn}


def _update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str = "") -> tuple[str, dict]:
    _delete(physical_id, old)
    return _create(logical_id or physical_id, {**new, "TrailName": physical_id}, stack_name)


def _delete(physical_id: str, _properties: dict) -> None:
    _delete_after_last_file({"Name": physical_id})


def _answer(response: tuple) -> dict:
    status, _, body = response
    answer = json.loads(body or b"{}")
    if status >= 400:
        raise ValueError(f"{answer.get('message')} (Service: CloudTrail, Error Code: {answer.get('__type')})")
    return answer


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    cloudtrail._create_trail = _create_checked
    cloudtrail._DISPATCH["CreateTrail"] = _create_checked
    cloudtrail._DISPATCH["DeleteTrail"] = _delete_after_last_file
    provisioners._RESOURCE_HANDLERS["AWS::CloudTrail::Trail"] = {
        "create": _create,
        "update": _update,
        "update_with_logical_id": True,
        "delete": _delete,
    }
