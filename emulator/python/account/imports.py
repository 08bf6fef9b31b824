"""Stacks that import existing buckets: their names are no conflict, as on AWS.

MiniStack finds the buckets that ``ImportExistingResources`` means, and then its validation refuses them
because they exist.  A bucket's policy is imported, too, where its bucket is named by a literal: Cloud Control reads and
lists `AWS::S3::BucketPolicy` by `Bucket`, and such types can be imported ("Resource type support").
"""

from contextvars import ContextVar

from ministack.services import s3
from ministack.services.cloudformation import changesets, provisioners, stacks

_taken_in: ContextVar[frozenset] = ContextVar("taken_in", default=frozenset())
_deploy_stack_async = stacks._deploy_stack_async
_validation_errors = stacks._validation_errors


async def _deploy(*args, imports=None, **kwargs):
    names = (identifier.get("BucketName") for identifier in (imports or {}).values())
    token = _taken_in.set(frozenset(name for name in names if name))
    try:
        return await _deploy_stack_async(*args, imports=imports, **kwargs)
    finally:
        _taken_in.reset(token)


def _validate(resources_defs, ordered, param_values, conditions, mappings, stack_name, stack_id,
              owned_buckets=frozenset()):
    return _validation_errors(resources_defs, ordered, param_values, conditions, mappings, stack_name, stack_id,
                              owned_buckets | _taken_in.get())


def _policy_problem(bucket: str) -> str | None:
    """Why there is no policy to import."""
    if s3._bucket_policies.get(bucket):
        return None
    return changesets._sdk_error("The bucket policy does not exist", "S3", 404)


def _import_policy(identifier: dict) -> tuple[str, dict]:
    return identifier["Bucket"], {}


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    changesets._IMPORT_LOOKUPS["AWS::S3::BucketPolicy"] = (("Bucket",), _policy_problem)
    provisioners._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"]["import"] = _import_policy
    changesets._deploy_stack_async = _deploy
    stacks._validation_errors = _validate
