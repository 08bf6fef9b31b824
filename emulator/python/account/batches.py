"""Batch calls need the permission of the single call: `SendMessageBatch` is checked as `sqs:SendMessage`.

Source: Service Authorization Reference, "Actions defined by Amazon SQS" and "by Amazon SNS", which have no batch actions.
"""

from ministack.core import iam_actions

_extract_iam_action = iam_actions.extract_iam_action


def _single(*args, **kwargs):
    action = _extract_iam_action(*args, **kwargs)
    if action and action.startswith(("sqs:", "sns:")):
        return action.removesuffix("Batch")
    return action


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    iam_actions.extract_iam_action = _single
