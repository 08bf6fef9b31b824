"""Access to a bucket: its policy, its ACL, and the public access blocks that refuse public ones.

The block of the account counts as the bucket's own.  A policy is checked as S3 checks it before it is kept, and a
bucket that enforces its owner takes no ACL at all, not even `private`.  S3 returns an ACL as it counts: without what a
block ignores, and without anything while ACLs are disabled.
"""

import json
import re
from fnmatch import fnmatchcase

from defusedxml.ElementTree import ParseError, fromstring

from ministack.core import iam_actions
from ministack.core.responses import get_account_id
from ministack.services import s3

from . import account_block, caller, checks, context, encryption, identities, policy
from .conditions import as_list
from .policy import Policies, Principal, Request

POLICY_BYTES_MAX = 20 * 1024
VERSIONS = ("2012-10-17", "2008-10-17")

_public_access_blocked = s3._public_access_blocked
GRANT = re.compile(r"<((?:\w+:)?Grant)>.*?</\1>", re.DOTALL)
EVERYONE = re.compile(r"groups/global/(AllUsers|AuthenticatedUsers)\s*<")
# Words of MiniStack, and those that S3 was recorded to use.
WORDS = (
    (b"Your request was missing a required header.", b"Your request was missing a required header"),
    (b"published schema.", b"published schema"),
)

_put_policy = s3._put_bucket_policy
_put_acl = s3._put_bucket_acl
_get_acl = s3._get_bucket_acl
_get_object_acl = s3._get_object_acl
_foreign_bucket_allows = s3._foreign_bucket_allows


def _blocked_by_either(owner_account: str, bucket_name: str, setting: str) -> bool:
    return account_block.blocks(owner_account, setting) or _public_access_blocked(owner_account, bucket_name, setting)


def put_policy(bucket: str, body: bytes) -> tuple:
    """`PutBucketPolicy`."""
    if bucket not in s3._buckets:
        return s3._no_such_bucket(bucket)
    if len(body) > POLICY_BYTES_MAX:
        return s3._error("PolicyTooLarge", "Policy exceeds the maximum allowed document size.", 400, f"/{bucket}")
    if problem := _problem(bucket, body):
        return s3._error("MalformedPolicy", problem, 400, f"/{bucket}")
    document = json.loads(body)
    if principal := identities.refused(document):
        extra = {"Detail": principal}
        return s3._error("MalformedPolicy", "Invalid principal in policy", 400, f"/{bucket}", extra)
    answer = _put_policy(bucket, body)
    if answer[0] < 300:
        identities.keep(bucket, document)
    return _with_s3_message(answer, "s3:PutBucketPolicy", bucket, "public policies", "BlockPublicPolicy")


def put_acl(bucket: str, body: bytes, headers: dict | None = None) -> tuple:
    """`PutBucketAcl`.  Object ownership is checked before public access."""
    if bucket not in s3._buckets:
        return s3._no_such_bucket(bucket)
    if s3._bucket_owner_enforced(s3._buckets[bucket]):
        return s3._error("AccessControlListNotSupported", "The bucket does not allow ACLs", 400, f"/{bucket}")
    given = headers or {}
    if (canned := given.get("x-amz-acl", "private")) not in s3._CANNED_BUCKET_ACLS:
        extra = {"ArgumentName": "x-amz-acl", "ArgumentValue": canned}
        return s3._error("InvalidArgument", "", 400, extra=extra)
    if body and not any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in given):
        if problem := _problem_of_acl(body):
            status, code, message = problem
            return s3._error(code, message, status)
    elif body:
        return s3._error("UnexpectedContent", "This request does not support content", 400)
    status, answer_headers, text = _put_acl(bucket, body, headers)
    if status == 400:
        for known, recorded in WORDS:
            text = text.replace(known, recorded)
    answer = status, answer_headers, text
    return _with_s3_message(answer, "s3:PutBucketAcl", bucket, "public ACLs", "BlockPublicAcls")


def _problem_of_acl(body: bytes) -> tuple[int, str, str] | None:
    try:
        root = fromstring(body)
    except ParseError:
        return 400, "MalformedACLError", s3._MALFORMED_XML
    return checks.problem("acl", root)


def _effective_acl(bucket: str) -> tuple:
    """`GetBucketAcl`."""
    return _as_it_counts(bucket, _get_acl(bucket))


def _effective_object_acl(bucket: str, key: str, query: dict | None = None) -> tuple:
    """`GetObjectAcl`."""
    return _as_it_counts(bucket, _get_object_acl(bucket, key, query))


def _as_it_counts(bucket: str, answer: tuple) -> tuple:
    status, headers, body = answer
    if status != 200 or not _blocked_by_either(get_account_id(), bucket, "IgnorePublicAcls"):
        return answer
    text = body.decode() if isinstance(body, bytes) else body
    return status, headers, GRANT.sub(lambda grant: "" if EVERYONE.search(grant[0]) else grant[0], text).encode()


def _others_may(owner: str, bucket: str, key: str, method: str, query: dict, who: str, headers: dict | None = None) -> bool:
    """Whether who does not own the bucket may have this: an explicit deny counts against an ACL too, and nobody outside
    of the account has the right to use its keys."""
    if not _foreign_bucket_allows(owner, bucket, key, method, query, who, headers):
        return False
    if _denies(owner, bucket, key, method, query, who, headers):
        return False
    if key and method in ("GET", "HEAD"):
        version = (query.get("versionId") or [""])[0]
        return not encryption.needs_key(owner, bucket, key, version)
    return True


def _denies(owner: str, bucket: str, key: str, method: str, query: dict, who: str, headers: dict | None) -> bool:
    action = iam_actions._s3_action(method, f"/{bucket}/{key}" if key else f"/{bucket}", query)
    arn = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    agent = (headers or {}).get("user-agent", "")
    keys = {**context.keys_of_call(owner), "aws:sourceip": context.SOURCE_IP, "aws:useragent": agent}
    principal = Principal(f"arn:aws:iam::{who}:root" if who else "anonymous", "Root" if who else "Anonymous", who or "")
    asked = Request(principal, f"s3:{action or 'GetObject'}", arn, keys)
    document = s3._bucket_policies.get_scoped(owner, None, bucket)
    return policy.decide(asked, Policies(resource=document, owner=owner)).explicit


def _with_s3_message(answer: tuple, action: str, bucket: str, what: str, setting: str) -> tuple:
    if answer[0] != 403:
        return answer
    who = caller.arn(caller.access_key.get())
    message = (
        f'User: {who} is not authorized to perform: {action} on resource: "arn:aws:s3:::{bucket}" '
        f"because {what} are prevented by the {setting} setting in S3 Block Public Access."
    )
    return s3._error("AccessDenied", message, 403)


def _problem(bucket: str, body: bytes) -> str | None:
    """S3's reason to refuse the policy, if there is one."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        return "The policy must contain a valid version string"
    if "Statement" not in document:
        return "Missing required field Statement"
    statements = as_list(document["Statement"])
    if not statements:
        return "Could not parse the policy: Statement is empty!"
    return next((problem for one in statements if (problem := _problem_of_statement(bucket, one))), None)


def _problem_of_statement(bucket: str, statement: object) -> str | None:
    if not isinstance(statement, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    for field in ("Principal", "Action", "Resource"):
        if field not in statement and f"Not{field}" not in statement:
            return f"Missing required field {field}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return f"Invalid effect: {statement.get('Effect')}"
    actions = statement.get("Action", statement.get("NotAction"))
    for action in actions if isinstance(actions, list) else [actions]:
        if action != "*" and not str(action).lower().startswith("s3:"):
            return "Policy has invalid action"
    resources = statement.get("Resource", statement.get("NotResource"))
    for resource in resources if isinstance(resources, list) else [resources]:
        pattern = str(resource).rsplit(":::", 1)[-1].split("/", 1)[0]
        if not fnmatchcase(bucket, pattern):
            return "Policy has invalid resource"
    return None


def policy_status(bucket: str) -> tuple:
    """`GetBucketPolicyStatus`."""
    document = s3._bucket_policies.get(bucket)
    if not document:
        return s3._error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    public = str(s3._policy_is_public(document)).lower()
    xml = f'<PolicyStatus xmlns="{s3.S3_NS}"><IsPublic>{public}</IsPublic></PolicyStatus>'
    return 200, {"Content-Type": "application/xml"}, xml.encode()


def is_mine(bucket: str, expected_owner: str) -> bool:
    """Whether the bucket has the owner that the call expects."""
    return bucket not in s3._buckets or expected_owner == get_account_id()


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    s3._public_access_blocked = _blocked_by_either
    s3._put_bucket_policy = put_policy
    s3._put_bucket_acl = put_acl
    s3._get_bucket_acl = _effective_acl
    s3._get_object_acl = _effective_object_acl
    s3._foreign_bucket_allows = _others_may
