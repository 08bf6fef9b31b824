"""What MiniStack drops or does not know of a stack's resources, and what counts for permissions.

The permissions boundary of a role, the key of a topic and its default policy, and `AWS::Lambda::ResourcePolicy`.
"""

import json
import re

from ministack.core.responses import get_account_id
from ministack.services import iam, lambda_svc, sns
from ministack.services.cloudformation import provisioners

NO_STATEMENTS = {"Version": "2012-10-17", "Id": "default", "Statement": []}


# ---------------------------------------------------------------- roles


def _create_role(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    _check_boundary(properties)
    name, attributes = _role["create"](logical_id, properties, stack_name)
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
    return name, attributes


def _update_role(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> tuple[str, dict]:
    _check_boundary(new)
    name, attributes = _role["update"](physical_id, old, new, stack_name, logical_id)
    iam._roles[name]["PermissionsBoundary"] = new.get("PermissionsBoundary")
    return name, attributes


def _check_boundary(properties: dict) -> None:
    boundary = properties.get("PermissionsBoundary")
    if boundary and (refused := iam._boundary_policy_error(boundary)):
        text = refused[2].decode() if isinstance(refused[2], bytes) else refused[2]
        message = re.search("<Message>([^<]+)", text)
        raise ValueError(f"{message.group(1) if message else text} (Service: Iam, Status Code: {refused[0]})")


# ---------------------------------------------------------------- topics


def _create_topic(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    arn, attributes = _topic["create"](logical_id, properties, stack_name)
    kept = sns._topics[arn]["attributes"]
    policy = json.loads(kept["Policy"])
    # The default policy is for the services of the owner.
    policy["Statement"][0]["Condition"] = {"StringEquals": {"AWS:SourceOwner": get_account_id()}}
    kept["Policy"] = json.dumps(policy)
    _keep_key(arn, properties)
    return arn, attributes


def _update_topic(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> tuple[str, dict]:
    arn, attributes = _topic["update"](physical_id, old, new, stack_name, logical_id)
    _keep_key(arn, new)
    return arn, attributes


def _keep_key(arn: str, properties: dict) -> None:
    sns._topics[arn]["attributes"]["KmsMasterKeyId"] = properties.get("KmsMasterKeyId", "")


# ---------------------------------------------------------------- the whole policy of a function


def _create_policy(_logical_id: str, properties: dict, _stack_name: str) -> tuple[str, dict]:
    _put_policy(properties)
    return properties["ResourceArn"], {}


def _update_policy(_physical_id: str, old: dict, new: dict, _stack_name: str) -> tuple[str, dict]:
    if old["ResourceArn"] != new["ResourceArn"]:
        _delete_policy("", old)
    _put_policy(new)
    return new["ResourceArn"], {}


def _put_policy(properties: dict) -> None:
    document = properties["PolicyDocument"]
    _function(properties["ResourceArn"])["policy"] = json.loads(document) if isinstance(document, str) else document


def _delete_policy(_physical_id: str, properties: dict) -> None:
    function, _, _ = lambda_svc._get_func_record_for_ref(properties["ResourceArn"])
    if function:
        function["policy"] = dict(NO_STATEMENTS)


def _function(arn: str) -> dict:
    function, _, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function:
        raise ValueError(f"Function not found: {arn} (Service: Lambda, Status Code: 404)")
    return function


_role = dict(provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"])
_topic = dict(provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"])


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::IAM::Role"].update(create=_create_role, update=_update_role)
    handlers["AWS::SNS::Topic"].update(create=_create_topic, update=_update_topic)
    handlers["AWS::Lambda::ResourcePolicy"] = {
        "create": _create_policy,
        "update": _update_policy,
        "delete": _delete_policy,
    }
