"""`Fn::Join` in a condition, as CloudFormation evaluates it: MiniStack compares the expression itself."""

from ministack.services.cloudformation import changesets, engine, handlers, stacks

_evaluate = engine._evaluate_conditions


def _joined(value: object, params: dict) -> object:
    if isinstance(value, list):
        return [_joined(item, params) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return engine._resolve_refs(value, {}, params, {}, {}, "", "")
    return {name: _joined(item, params) for name, item in value.items()}


def _evaluate_with_joins(template: dict, params: dict) -> dict:
    conditions = _joined(template.get("Conditions", {}), params)
    return _evaluate({**template, "Conditions": conditions}, params)


def install() -> None:
    """Replaces MiniStack's function with the one above, in every module that has its name."""
    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = _evaluate_with_joins
