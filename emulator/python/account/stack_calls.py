"""CloudFormation's calls: with the rights of its caller, or of the service role that the stack has (`service_roles`).

They have `aws:CalledVia`, and the policies of the resources count for them, too.  Which calls a type makes is in its
schema, of which these are the main ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sqs
from ministack.services.cloudformation import provisioners

from . import authorization, buckets, caller, object_versions
from .caller import CLOUDFORMATION

# The property of a bucket and the permission to set it; to remove it needs the same.
OF_BUCKET = {
    "AccelerateConfiguration": "s3:PutAccelerateConfiguration",
    "AccessControl": "s3:PutBucketAcl",
    "BucketEncryption": "s3:PutEncryptionConfiguration",
    "CorsConfiguration": "s3:PutBucketCORS",
    "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "LoggingConfiguration": "s3:PutBucketLogging",
    "NotificationConfiguration": "s3:PutBucketNotification",
    "ObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "OwnershipControls": "s3:PutBucketOwnershipControls",
    "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
    "ReplicationConfiguration": "s3:PutReplicationConfiguration",
    "VersioningConfiguration": "s3:PutBucketVersioning",
    "WebsiteConfiguration": "s3:PutBucketWebsite",
}


@dataclass(frozen=True)
class Resource:
    """A resource whose calls are made: its properties, before and after, and its name if it exists."""

    stack: str
    logical_id: str
    properties: dict
    old: dict
    physical_id: str = ""

    def name(self, given: str) -> str:
        """The last part of its name; of one without a name that is not there yet, a name of the stack."""
        known = self.physical_id.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        return known or self.properties.get(given) or f"{self.stack}-{self.logical_id}-new"


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{name}"


def _bucket(resource: Resource) -> str:
    name = resource.physical_id or resource.properties.get("BucketName")
    if not name and (prefix := resource.properties.get("BucketNamePrefix")):
        name = f"{prefix.removesuffix('-')}{buckets.regional_suffix()}"
    return f"arn:aws:s3:::{name or f'{resource.stack}-{resource.logical_id}-new'.lower()}"


def _of_buckets(resource: Resource, what: str) -> list:
    arn = _bucket(resource)
    changed = [
        (action, arn) for name, action in OF_BUCKET.items() if resource.properties.get(name) != resource.old.get(name)
    ]
    return {"create": [("s3:CreateBucket", arn), *changed], "update": changed, "delete": [("s3:DeleteBucket", arn)]}[what]


def _of_bucket_policy(resource: Resource, what: str) -> list:
    arn = f"arn:aws:s3:::{resource.properties.get('Bucket', '')}"
    return [("s3:DeleteBucketPolicy" if what == "delete" else "s3:PutBucketPolicy", arn)]


def _of_queue(resource: Resource, what: str) -> list:
    action = {"create": "sqs:CreateQueue", "update": "sqs:SetQueueAttributes", "delete": "sqs:DeleteQueue"}[what]
    return [(action, _arn("sqs", resource.name("QueueName")))]


def _of_queue_policy(resource: Resource, _what: str) -> list:
    queues = (sqs._queues.get(url) for url in resource.properties.get("Queues", []))
    return [("sqs:SetQueueAttributes", queue["attributes"]["QueueArn"]) for queue in queues if queue]


def _of_topic(resource: Resource, what: str) -> list:
    action = {"create": "sns:CreateTopic", "update": "sns:SetTopicAttributes", "delete": "sns:DeleteTopic"}[what]
    return [(action, _arn("sns", resource.name("TopicName")))]


def _of_topic_policy(resource: Resource, _what: str) -> list:
    return [("sns:SetTopicAttributes", arn) for arn in resource.properties.get("Topics", [])]


def _of_subscription(resource: Resource, what: str) -> list:
    topic = resource.properties.get("TopicArn", "")
    return {"create": [("sns:Subscribe", topic)], "delete": [("sns:Unsubscribe", topic)]}.get(what, [])


def _of_function(resource: Resource, what: str) -> list:
    arn = _arn("lambda", f"function:{resource.name('FunctionName')}")
    changed = {name for name in {*resource.properties, *resource.old}
               if resource.properties.get(name) != resource.old.get(name)}
    if what == "delete":
        return [("lambda:DeleteFunction", arn)]
    passed = [("iam:PassRole", resource.properties["Role"])] if "Role" in changed else []
    if what == "create":
        return [("lambda:CreateFunction", arn), *passed]
    code = [("lambda:UpdateFunctionCode", arn)] if "Code" in changed else []
    return [*code, *([("lambda:UpdateFunctionConfiguration", arn)] if changed - {"Code"} else []), *passed]


def _of_role(resource: Resource, what: str) -> list:
    path = resource.properties.get("Path", "/")
    arn = f"arn:aws:iam::{get_account_id()}:role{path}{resource.name('RoleName')}"
    if what == "delete":
        return [("iam:DeleteRole", arn)]
    inline = resource.properties.get("Policies") != resource.old.get("Policies")
    attached = resource.properties.get("ManagedPolicyArns") != resource.old.get("ManagedPolicyArns")
    checks = [("iam:CreateRole", arn)] if what == "create" else []
    checks += [("iam:PutRolePolicy", arn)] if inline else []
    return [*checks, *([("iam:AttachRolePolicy", arn)] if attached else [])]


def _of_managed_policy(resource: Resource, what: str) -> list:
    path = resource.properties.get("Path", "/")
    arn = resource.physical_id or f"arn:aws:iam::{get_account_id()}:policy{path}{resource.name('ManagedPolicyName')}"
    action = {"create": "iam:CreatePolicy", "update": "iam:CreatePolicyVersion", "delete": "iam:DeletePolicy"}[what]
    roles = (iam._roles.get(name) for name in resource.properties.get("Roles", []))
    attach = "iam:DetachRolePolicy" if what == "delete" else "iam:AttachRolePolicy"
    return [(action, arn), *((attach, role["Arn"]) for role in roles if role and what != "update")]


def _of_key(resource: Resource, what: str) -> list:
    if what == "create":
        return [("kms:CreateKey", "*")]
    action = "kms:PutKeyPolicy" if what == "update" else "kms:ScheduleKeyDeletion"
    return [(action, _arn("kms", f"key/{resource.physical_id}"))]


CALLS: dict[str, Callable[[Resource, str], list]] = {
    "AWS::IAM::ManagedPolicy": _of_managed_policy,
    "AWS::IAM::Role": _of_role,
    "AWS::KMS::Key": _of_key,
    "AWS::Lambda::Function": _of_function,
    "AWS::S3::Bucket": _of_buckets,
    "AWS::S3::BucketPolicy": _of_bucket_policy,
    "AWS::SNS::Subscription": _of_subscription,
    "AWS::SNS::Topic": _of_topic,
    "AWS::SNS::TopicPolicy": _of_topic_policy,
    "AWS::SQS::Queue": _of_queue,
    "AWS::SQS::QueuePolicy": _of_queue_policy,
}


def _check(kind: str, resource: Resource, what: str) -> None:
    keys = {"aws:calledvia": [CLOUDFORMATION], "aws:calledviafirst": CLOUDFORMATION, "aws:calledvialast": CLOUDFORMATION}
    if kind == "AWS::IAM::Role" and (boundary := resource.properties.get("PermissionsBoundary")):
        keys["iam:permissionsboundary"] = boundary
    if kind == "AWS::Lambda::Function":
        keys["iam:passedtoservice"] = "lambda.amazonaws.com"
    for action, arn in CALLS[kind](resource, what):
        allowed, message = authorization.with_rights_of(caller.acting(), action, arn, keys)
        if not allowed:
            raise ValueError(f'Resource handler returned message: "{message}" (HandlerErrorCode: AccessDenied)')
    if kind == "AWS::Lambda::Function" and what != "delete":
        _check_code(resource)


def _check_code(resource: Resource) -> None:
    code = resource.properties.get("Code", {})
    if code == resource.old.get("Code") or not code.get("S3Bucket"):
        return
    bucket, name, version = code["S3Bucket"], code.get("S3Key", ""), code.get("S3ObjectVersion", "")
    try:
        object_versions.read(caller.acting(), bucket, name, version, CLOUDFORMATION)
    except object_versions.Unreadable as problem:
        start = "Error occurred while GetObject."
        if problem.code == "AccessDenied":
            start = (
                "Your access has been denied by S3, please make sure your request credentials have permission to "
                f"GetObject for {bucket}/{name}."
            )
        raise ValueError(
            f"{start} S3 Error Code: {problem.code}. S3 Error Message: {problem.message} (Service: Lambda)"
        ) from problem


def _checked(kind: str, handler: dict) -> None:
    """Checks the calls of a type before its handlers make them."""
    create, update, delete = (handler.get(what) for what in ("create", "update", "delete"))
    if create:
        @wraps(create)
        def create_checked(logical_id, properties, stack_name):
            _check(kind, Resource(stack_name, logical_id, properties, {}), "create")
            return create(logical_id, properties, stack_name)

        handler["create"] = create_checked
    if update:
        @wraps(update)
        def update_checked(physical_id, old, new, stack_name, *more):
            _check(kind, Resource(stack_name, "", new, old, physical_id), "update")
            return update(physical_id, old, new, stack_name, *more)

        handler["update"] = update_checked
    if delete:
        @wraps(delete)
        def delete_checked(physical_id, properties, *more):
            _check(kind, Resource("", "", properties, {}, physical_id), "delete")
            return delete(physical_id, properties, *more)

        handler["delete"] = delete_checked


def install() -> None:
    """Checks the calls of MiniStack's handlers."""
    for kind in CALLS:
        _checked(kind, provisioners._RESOURCE_HANDLERS[kind])
