"""A change set does not list a resource whose condition is false, as on AWS."""

from ministack.services.cloudformation import changesets

_resolve = changesets._resolve_props_for_diff


def _resolve_what_is_made(template: dict, params: dict, stack_name: str, stack_id: str) -> dict:
    resolved = _resolve(template, params, stack_name, stack_id)
    if not resolved:
        return resolved
    conditions = changesets._evaluate_conditions(template, params)
    resources = resolved["Resources"].items()
    made = {name: found for name, found in resources if conditions.get(found.get("Condition"), True)}
    return {**resolved, "Resources": made}


def install() -> None:
    """Replaces MiniStack's function with the one above."""
    changesets._resolve_props_for_diff = _resolve_what_is_made
