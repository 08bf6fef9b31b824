"""Access to a bucket: its policy, its ACL, and the public access blocks that refuse public ones.

The block of the account counts as the bucket's own.  A policy is checked as S3 checks it before it is kept, and a
bucket that enforces its owner takes no ACL at all, not even `private`.
"""

import json
from fnmatch import fnmatchcase

from ministack.core.responses import get_account_id
from ministack.services import s3

from . import account_block, caller

POLICY_BYTES_MAX = 20 * 1024
VERSIONS = ("2012-10-17", "2008-10-17")

_public_access_blocked = s3._public_access_blocked
_put_policy = s3._put_bucket_policy
_put_acl = s3._put_bucket_acl


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
    answer = _put_policy(bucket, body)
    return _with_s3_message(answer, "s3:PutBucketPolicy", bucket, "public policies", "BlockPublicPolicy")


def put_acl(bucket: str, body: bytes, headers: dict | None = None) -> tuple:
    """`PutBucketAcl`.  Object ownership is checked before public access."""
    if bucket not in s3._buckets:
        return s3._no_such_bucket(bucket)
    if s3._bucket_owner_enforced(s3._buckets[bucket]):
        return s3._error("AccessControlListNotSupported", "The bucket does not allow ACLs", 400, f"/{bucket}")
    answer = _put_acl(bucket, body, headers)
    return _with_s3_message(answer, "s3:PutBucketAcl", bucket, "public ACLs", "BlockPublicAcls")


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
        policy = json.loads(body)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        return "The policy must contain a valid version string"
    if "Statement" not in policy:
        return "Missing required field Statement"
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
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
    policy = s3._bucket_policies.get(bucket)
    if not policy:
        return s3._error("NoSuchBucketPolicy", "The bucket policy does not exist", 404, f"/{bucket}")
    public = str(s3._policy_is_public(policy)).lower()
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
