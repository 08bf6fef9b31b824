"""KMS keys as `DescribeKey` returns them: with the account, and with the AWS managed keys, created on first use.

An alias is resolved before the permission is checked: the permission is one on the key, not on the alias.
"""

import json

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import kms

AWS_ALIAS = "alias/aws/"
MANAGER = "_s3guard_key_manager"

_metadata = kms._key_metadata
_describe = kms._describe_key
_extract_resource_arn = iam_actions.extract_resource_arn


def is_managed(record: dict) -> bool:
    """Whether AWS manages the key."""
    return record.get(MANAGER) == "AWS"


def managed(alias: str) -> dict:
    """An AWS managed key, such as that of `alias/aws/s3`."""
    if kms._resolve_key(alias) is None:
        _make_managed(alias)
    return kms._resolve_key(alias)


def _whole_metadata(record: dict) -> dict:
    manager = record.get(MANAGER, "CUSTOMER")
    return {"AWSAccountId": get_account_id(), **_metadata(record), "KeyManager": manager}


def _describe_in_aws_words(data: dict) -> tuple:
    given = data.get("KeyId", "")
    if _alias(given).startswith(AWS_ALIAS):
        managed(_alias(given))
    if kms._resolve_key(given) is not None:
        return _describe(data)
    here = f"arn:aws:kms:{get_region()}:{get_account_id()}:"
    arn = given if given.startswith("arn:") else here + (given if given.startswith("alias/") else f"key/{given}")
    message = f"Alias {arn} is not found." if _alias(given) else f"Key '{arn}' does not exist"
    return kms.error_response_json("NotFoundException", message, 400)


def _alias(key: str) -> str:
    """The alias that a key is named by, or nothing."""
    resource = key.split(":", 5)[-1] if key.startswith("arn:") else key
    return resource if resource.startswith("alias/") else ""


def _make_managed(alias: str) -> None:
    service = alias.removeprefix(AWS_ALIAS)
    description = f"Default key that protects my {service.upper()} objects when no other key is defined"
    made = json.loads(kms._create_key({"Description": description})[2])["KeyMetadata"]
    kms._keys[made["KeyId"]][MANAGER] = "AWS"
    kms._aliases[kms._alias_arn(alias)] = made["KeyId"]


def resource_behind_alias(service: str, *rest) -> str:
    """The ARN for which a call is checked: of the key, not of its alias."""
    arn = _extract_resource_arn(service, *rest)
    if service == "kms" and _alias(arn) and (record := kms._resolve_key(arn)):
        return record["Arn"]
    return arn


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    kms._key_metadata = _whole_metadata
    kms._describe_key = _describe_in_aws_words
    iam_actions.extract_resource_arn = resource_behind_alias
