"""The IAM actions of calls on one event source mapping, which MiniStack does not name: it would allow them to everyone."""

from ministack.core import iam_actions

ACTIONS = {"DELETE": "DeleteEventSourceMapping", "GET": "GetEventSourceMapping", "PUT": "UpdateEventSourceMapping"}

_lambda_action = iam_actions._lambda_action


def _action(method: str, path: str) -> str | None:
    parts = [part for part in path.split("/") if part]
    # As `/2015-03-31/event-source-mappings/UUID`.
    if parts[1:2] == ["event-source-mappings"] and len(parts) == 3:
        return ACTIONS.get(method)
    return _lambda_action(method, path)


def install() -> None:
    iam_actions._lambda_action = _action
