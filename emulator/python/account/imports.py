"""Stacks that import existing buckets: their names are no conflict, as on AWS.

MiniStack finds the buckets that ``ImportExistingResources`` means, and then its validation refuses them
because they exist.
"""

from contextvars import ContextVar

from ministack.services.cloudformation import changesets, stacks

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


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    changesets._deploy_stack_async = _deploy
    stacks._validation_errors = _validate
