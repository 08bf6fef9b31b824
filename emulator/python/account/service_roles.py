"""Service roles of stacks (`RoleARN`): a stack keeps its role, and CloudFormation calls with it instead of its caller."""

import time
import uuid

from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sts
from ministack.services.cloudformation import _change_sets

from . import caller

SESSION_SECONDS = 12 * 3600

# The roles, by account, region and name of the stack.
_roles: dict[tuple[str, str, str], str] = {}


def begin(parameters: dict) -> str:
    """Finds the service role of the operation, and calls as this role from now on.  Returns a role that is passed."""
    given = parameters.get("RoleARN", "")
    stack = parameters.get("StackName", "")
    if not stack and (change_set := _change_sets.get(parameters.get("ChangeSetName", ""))):
        stack = change_set["StackName"]
    place = (get_account_id(), get_region(), stack.split(":stack/")[-1].split("/")[0])
    if given:
        _roles[place] = given
    role = _roles.get(place, "")
    caller.acting_key.set(_session_of(role) if role else "")
    return given


def _session_of(role: str) -> str:
    """The access key of CloudFormation's session of the role."""
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    key = f"ASIA{uuid.uuid5(uuid.NAMESPACE_URL, role).hex[:16].upper()}"
    role_id = (iam._roles.get_scoped(account, None, name) or {}).get("RoleId", "")
    sts.register_session(key, {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation",
        "UserId": f"{role_id}:AWSCloudFormation",
        "SecretAccessKey": uuid.uuid4().hex,
        "SessionToken": uuid.uuid4().hex,
        "Expiration": time.time() + SESSION_SECONDS,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
    })
    return key
