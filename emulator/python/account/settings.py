"""A bucket's settings as S3 accepts and returns them, where MiniStack keeps everything or drops a part.

A document of another kind is `MalformedXML`.  Logs need a target bucket, MFA delete needs the code of a device, a
caller cannot change the tags of a stack, and a setting that is not emulated is `NotImplemented`.  What a document may
contain is in `checks`.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import ParseError, fromstring
from ministack.core import iam_actions
from ministack.services import s3

from . import checks

MFA_DELETE = "_s3guard_mfa_delete"
ABAC = "_s3guard_abac"
BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
ROOTS = {
    "abac": "AbacStatus",
    "accelerate": "AccelerateConfiguration",
    "cors": "CORSConfiguration",
    "encryption": "ServerSideEncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLoggingStatus",
    "notification": "NotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "OwnershipControls",
    "publicAccessBlock": "PublicAccessBlockConfiguration",
    "replication": "ReplicationConfiguration",
    "requestPayment": "RequestPaymentConfiguration",
    "tagging": "Tagging",
    "versioning": "VersioningConfiguration",
    "website": "WebsiteConfiguration",
}
# MiniStack would take these for the bucket itself: a PUT would create one, a GET would list it.
NOT_HERE = ("analytics", "intelligent-tiering", "inventory", "metadataConfiguration", "metadataTable", "metrics")
KEYS_MAX = 1000


def answer(method: str, bucket: str, headers: dict, body: bytes, query: dict) -> tuple | None:
    """The response to a call on a bucket's setting, unless MiniStack gives it."""
    if any(name in query for name in NOT_HERE):
        message = "A header you provided implies functionality that is not implemented"
        return s3._error("NotImplemented", message, 501, f"/{bucket}")
    subresource = next((name for name in ROOTS if name in query), "")
    if bucket not in s3._buckets or not subresource:
        return None
    if method == "PUT":
        root = _parsed(body)
        if root is None or checks.local(root) != ROOTS[subresource]:
            return _malformed()
        if problem := checks.problem(subresource, root):
            status, code, message = problem
            return s3._error(code, message, status)
        put = PUTS.get(subresource)
        return put(bucket, root, headers) if put else None
    other = OTHERS.get((method, subresource))
    return other(bucket) if other else None


def with_a_page_of_s3(query: dict) -> dict:
    """The query of a listing: S3 returns a thousand keys at most."""
    asked = s3._qp(query, "max-keys", "")
    return {**query, "max-keys": [str(KEYS_MAX)]} if asked.isdigit() and int(asked) > KEYS_MAX else query


# ---------------------------------------------------------------- versioning


def _put_versioning(bucket: str, root: Element, headers: dict) -> tuple:
    record = s3._buckets[bucket]
    mfa_before, mfa = record.get(MFA_DELETE), checks.text(root, "MfaDelete")
    if (mfa == "Enabled" or mfa_before == "Enabled") and not headers.get("x-amz-mfa"):
        return s3._error("AccessDenied", "Mfa Authentication must be used for this request", 403, f"/{bucket}")
    if checks.text(root, "Status") == "Suspended":
        for kept, what in ((s3._bucket_object_lock, "n Object Lock"), (s3._bucket_replication, " replication")):
            if kept.get(bucket):
                message = f"A{what} configuration is present on this bucket, so the versioning state cannot be changed."
                return s3._error("InvalidBucketState", message, 409, f"/{bucket}")
    answered = s3._put_bucket_versioning(bucket, _bytes(root))
    if answered[0] == 200 and mfa:
        record[MFA_DELETE] = mfa
    return answered


def _get_versioning(bucket: str) -> tuple:
    root = Element("VersioningConfiguration", xmlns=s3.S3_NS)
    for name, value in (
        ("Status", s3._bucket_versioning.get(bucket)),
        ("MfaDelete", s3._buckets[bucket].get(MFA_DELETE)),
    ):
        if value:
            SubElement(root, name).text = value
    return _document(root)


# ---------------------------------------------------------------- logging


def _put_logging(bucket: str, root: Element, _headers: dict) -> tuple:
    enabled = _child(root, "LoggingEnabled")
    if enabled is None:
        s3._bucket_logging_config.pop(bucket, None)
        return 200, {}, b""
    target = s3._buckets.get(checks.text(enabled, "TargetBucket"))
    if target is None:
        message = "The target bucket for logging does not exist"
        extra = {"TargetBucket": checks.text(enabled, "TargetBucket")}
        return s3._error("InvalidTargetBucketForLogging", message, 400, f"/{bucket}", extra)
    if (region := target.get("region")) != s3._buckets[bucket].get("region"):
        extra = {"TargetBucketLocation": region or "us-east-1"}
        message = "Cross S3 location logging not allowed. "
        return s3._error("CrossLocationLoggingProhibitted", message, 403, f"/{bucket}", extra)
    return s3._put_bucket_logging(bucket, _bytes(root))


# ---------------------------------------------------------------- replication


def _put_replication(bucket: str, root: Element, _headers: dict) -> tuple | None:
    """MiniStack answers unless a destination has no versions.  Buckets of other accounts are not known here."""
    if s3._bucket_versioning.get(bucket) != "Enabled":
        return None
    for destination in (one for one in root.iter() if checks.local(one) == "Destination"):
        name = checks.text(destination, "Bucket").rsplit(":", 1)[-1]
        if name in s3._buckets and s3._bucket_versioning.get(name) != "Enabled":
            return s3._error("InvalidRequest", "Destination bucket must have versioning enabled.", 400, f"/{bucket}")
    return None


# ---------------------------------------------------------------- ownership, public access block, payment


def _put_ownership(bucket: str, root: Element, _headers: dict) -> tuple:
    rules = [checks.text(rule, "ObjectOwnership") for rule in root]
    if len(rules) != 1 or rules[0] not in OWNERSHIPS:
        return _malformed()
    return s3._put_bucket_ownership_controls(bucket, _bytes(root))


def _put_block(bucket: str, root: Element, _headers: dict) -> tuple:
    whole = Element("PublicAccessBlockConfiguration", xmlns=s3.S3_NS)
    for name in BLOCK:
        given = checks.text(root, name).lower()
        if given not in ("", "true", "false"):
            return _malformed()
        SubElement(whole, name).text = given or "false"
    return s3._put_public_access_block(bucket, tostring(whole))


def _put_payment(bucket: str, root: Element, _headers: dict) -> tuple:
    if checks.text(root, "Payer") not in ("BucketOwner", "Requester"):
        return _malformed()
    return s3._put_bucket_request_payment(bucket, _bytes(root))


def _put_accelerate(bucket: str, root: Element, _headers: dict) -> tuple:
    if checks.text(root, "Status") not in ("Enabled", "Suspended"):
        return _malformed()
    if "." in bucket:
        message = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        return s3._error("InvalidRequest", message, 400, f"/{bucket}")
    return s3._put_bucket_accelerate(bucket, _bytes(root))


def _put_website(bucket: str, root: Element, _headers: dict) -> tuple:
    index = _child(root, "IndexDocument")
    if _child(root, "RedirectAllRequestsTo") is None and (index is None or not checks.text(index, "Suffix")):
        message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        return s3._error("InvalidArgument", message, 400, f"/{bucket}")
    return s3._put_bucket_website(bucket, _bytes(root))


def _put_abac(bucket: str, root: Element, _headers: dict) -> tuple:
    if checks.text(root, "Status") not in ("Enabled", "Disabled"):
        return _malformed()
    s3._buckets[bucket][ABAC] = checks.text(root, "Status")
    return 200, {}, b""


def _get_abac(bucket: str) -> tuple:
    root = Element("AbacStatus", xmlns=s3.S3_NS)
    SubElement(root, "Status").text = s3._buckets[bucket].get(ABAC, "Disabled")
    return _document(root)


# ---------------------------------------------------------------- tags


def _put_tags(bucket: str, root: Element, _headers: dict) -> tuple:
    if s3._buckets[bucket].get(ABAC) == "Enabled":
        message = "The bucket is ABAC enabled. Use TagResource instead of PutBucketTagging."
        return s3._error("InvalidRequest", message, 400, f"/{bucket}")
    if error := s3._duplicate_tag_error(root, resource=f"/{bucket}"):
        return error
    before, after = s3._bucket_tags.get(bucket) or {}, s3._parse_tags_xml(_bytes(root))
    system, given = _of_system(before), _of_system(after)
    if any(system.get(key) != value for key, value in given.items()):
        return s3._error("InvalidTag", "System tags cannot be added/updated by requester", 400, f"/{bucket}")
    if system.keys() - given.keys():
        return s3._error("InvalidTag", "System Tags cannot be removed by requester", 400, f"/{bucket}")
    own = {key: value for key, value in after.items() if key not in system}
    if error := s3._validate_bucket_tags(own, resource=f"/{bucket}"):
        return error
    s3._bucket_tags[bucket] = after
    return 204, {}, b""


def _delete_tags(bucket: str) -> tuple:
    if _of_system(s3._bucket_tags.get(bucket) or {}):
        return s3._error("InvalidTag", "System Tags cannot be removed by requester", 400, f"/{bucket}")
    return s3._delete_bucket_tagging(bucket)


def _of_system(tags: dict) -> dict:
    return {key: value for key, value in tags.items() if key.startswith("aws:")}


# ---------------------------------------------------------------- XML


def _parsed(body: bytes) -> Element | None:
    try:
        return fromstring(body)
    except ParseError:
        return None


def _bytes(root: Element) -> bytes:
    """The document with S3's namespace as the default one, as S3 returns it."""
    return tostring(_plain(root, s3.S3_NS))


def _plain(element: Element, namespace: str = "") -> Element:
    attributes = {name: value for name, value in element.attrib.items() if name != "xmlns"}
    copied = Element(checks.local(element), attributes)
    if namespace:
        copied.set("xmlns", namespace)
    copied.text = element.text if len(element) == 0 else None
    copied.extend(_plain(child) for child in element)
    return copied


def _child(element: Element, name: str) -> Element | None:
    return next(iter(checks.children(element, name)), None)


def _document(root: Element) -> tuple:
    return 200, {"Content-Type": "application/xml"}, tostring(root, encoding="utf-8", xml_declaration=True)


def _malformed() -> tuple:
    return s3._error("MalformedXML", s3._MALFORMED_XML, 400)


PUTS = {
    "abac": _put_abac,
    "accelerate": _put_accelerate,
    "logging": _put_logging,
    "ownershipControls": _put_ownership,
    "publicAccessBlock": _put_block,
    "replication": _put_replication,
    "requestPayment": _put_payment,
    "tagging": _put_tags,
    "versioning": _put_versioning,
    "website": _put_website,
}
OTHERS = {
    ("GET", "abac"): _get_abac,
    ("GET", "requestPayment"): s3._get_bucket_request_payment,
    ("GET", "versioning"): _get_versioning,
    ("DELETE", "tagging"): _delete_tags,
}


def install() -> None:
    """Names the permissions that MiniStack does not know."""
    iam_actions._S3_BUCKET_QUERY_ACTIONS["abac"] = {"GET": "GetBucketAbac", "PUT": "PutBucketAbac"}
