"""The principals in a bucket's policy: S3 refuses those that do not exist, and shows a deleted one by its unique id.

S3 keeps the id of a user or role, not its name.  So a policy that names a deleted one lets nobody in, not even who has
the name next, and can only be put again without it.  Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

import json
import re

from ministack.core.responses import get_account_id
from ministack.services import iam, s3

from .conditions import as_list

IDS = "_s3guard_ids_of_principals"
ACCOUNT = re.compile(r"\d{12}|arn:[a-z-]+:iam::\d{12}:root")
CANONICAL = re.compile(r"[0-9a-f]{64}")
ORIGIN_ACCESS_IDENTITY = re.compile(r"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity \w+")
IDENTITY = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(role|user)/[^*?]+")
SESSION = re.compile(r"arn:[a-z-]+:sts::\d{12}:(assumed-role|federated-user)/[^*?]+")

_get_policy = s3._get_bucket_policy
_policy_for_arn = s3.bucket_policy_for_arn


def refused(policy: dict) -> str | None:
    """The first principal that S3 refuses, as `"AWS" : "AROA…"`."""
    for kind, name in _all(policy):
        if not _exists(kind, name):
            return f'"{kind}" : "{name}"'
    return None


def keep(bucket: str, policy: dict) -> None:
    """Keeps the unique ids of the users and roles that the policy names."""
    ids = {name: _unique_id(name) for kind, name in _all(policy) if kind == "AWS"}
    s3._buckets[bucket][IDS] = {name: unique for name, unique in ids.items() if unique}


def _all(policy: dict):
    for statement in as_list(policy.get("Statement")):
        for element in ("Principal", "NotPrincipal"):
            given = statement.get(element)
            for kind, names in given.items() if isinstance(given, dict) else ():
                for name in as_list(names):
                    yield kind, str(name)


def _exists(kind: str, name: str) -> bool:
    """Whether S3 takes the principal.  Of other accounts, every well-formed one."""
    match kind:
        case "AWS":
            if identity := IDENTITY.fullmatch(name):
                return identity[1] != get_account_id() or _unique_id(name) is not None
            others = (ACCOUNT, SESSION, CANONICAL, ORIGIN_ACCESS_IDENTITY)
            return name == "*" or any(one.fullmatch(name) for one in others)
        case "CanonicalUser":
            return CANONICAL.fullmatch(name) is not None
        case "Service":
            return name.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        case "Federated":
            return True
    return False


def _unique_id(name: str) -> str | None:
    """The unique id of a user or role of this account that exists now."""
    identity = IDENTITY.fullmatch(name)
    if not identity or identity[1] != get_account_id():
        return None
    of_kind, field = (iam._roles, "RoleId") if identity[2] == "role" else (iam._users, "UserId")
    record = of_kind.get(name.rsplit("/", 1)[-1]) or {}
    return record.get(field) if record.get("Arn") == name else None


def shown(bucket: str) -> str | None:
    """The bucket's policy as S3 returns and evaluates it."""
    text = s3._bucket_policies.get(bucket)
    ids = (s3._buckets.get(bucket) or {}).get(IDS) or {}
    gone = {name: unique for name, unique in ids.items() if _unique_id(name) != unique}
    if not text or not gone:
        return text
    policy = json.loads(text)
    for statement in as_list(policy["Statement"]):
        for element in ("Principal", "NotPrincipal"):
            if isinstance(given := statement.get(element), dict) and "AWS" in given:
                names = [gone.get(str(name), name) for name in as_list(given["AWS"])]
                given["AWS"] = names if isinstance(given["AWS"], list) else names[0]
    return json.dumps(policy)


def _shown_policy(name: str) -> tuple:
    status, headers, body = _get_policy(name)
    return (status, headers, shown(name).encode()) if status == 200 else (status, headers, body)


def _shown_policy_for_arn(arn: str) -> tuple | None:
    found = _policy_for_arn(arn)
    bucket = arn.removeprefix("arn:aws:s3:::").split("/", 1)[0]
    return (shown(bucket) or "", found[1]) if found and bucket in s3._buckets else found


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    s3._get_bucket_policy = _shown_policy
    s3.bucket_policy_for_arn = _shown_policy_for_arn
