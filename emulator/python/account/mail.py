"""Email and SMS: SNS asks an address to confirm, and then sends to it.  Tests read what would be sent."""

import threading
import time
import uuid
from collections import deque

from ministack.core.responses import get_account_id, get_region
from ministack.services import sns
from ministack.services.cloudformation import provisioners

PROTOCOLS = ("email", "email-json")
# A phone number does not have to confirm.
OUTBOX = (*PROTOCOLS, "sms")
MAILS_MAX = 5_000

_fanout = sns._fanout
_subscribe = sns._subscribe
_list = sns._list_subscriptions_by_topic
_mails: deque[dict] = deque(maxlen=MAILS_MAX)
_lock = threading.Lock()


def of(account: str) -> list[dict]:
    """The account's mails, oldest first."""
    with _lock:
        return [mail for mail in _mails if mail["account"] == account]


def confirm(address: str) -> int:
    """Follows the link in every confirmation email to the address.  Returns how many there were."""
    return len(_confirm(pending for pending in _pending(sns._topics.values()) if pending["endpoint"] == address))


def confirm_all(account: str) -> list[str]:
    """Follows the link in every confirmation email of the account, in all regions.  Returns addresses and topics."""
    topics = [topic for (owner, _, _), topic in sns._topics.to_dict().items() if owner == account]
    return _confirm(_pending(topics))


def _pending(topics) -> list[dict]:
    every = (subscription for topic in topics for subscription in topic["subscriptions"])
    return [subscription for subscription in every if not subscription.get("confirmed")]


def _confirm(pending) -> list[str]:
    confirmed = []
    for subscription in pending:
        subscription["confirmed"] = True
        subscription["token"] = None
        subscription.setdefault("attributes", {})["PendingConfirmation"] = "false"
        topic = subscription["arn"].split(":")[5]
        confirmed.append(f"{subscription['endpoint']} for topic {topic}")
    return confirmed


def _send(topic: str, protocol: str, address: str, subject: str, text: str) -> None:
    mail = {
        "at": time.time(),
        "account": get_account_id(),
        "topic": topic,
        "protocol": protocol,
        "to": address,
        "subject": subject,
        "text": text,
    }
    with _lock:
        _mails.append(mail)


def _ask(topic: dict, address: str) -> None:
    """Makes a new email subscription wait for its confirmation."""
    for subscription in topic["subscriptions"]:
        if subscription["protocol"] in PROTOCOLS and subscription["endpoint"] == address and "_asked" not in subscription:
            subscription["_asked"] = True
            subscription["confirmed"] = False
            subscription.setdefault("attributes", {})["PendingConfirmation"] = "true"
            subscription["token"] = token = uuid.uuid4().hex
            link = (
                f"https://sns.{get_region()}.amazonaws.com/confirmation.html"
                f"?TopicArn={topic['arn']}&Token={token}&Endpoint={address}"
            )
            text = f"You have chosen to subscribe to the topic:\n{topic['arn']}\n\nTo confirm, follow the link:\n{link}"
            _send(topic["arn"], subscription["protocol"], address, "AWS Notification - Subscription Confirmation", text)


def _subscribe_and_ask(params: dict) -> tuple:
    answer = _subscribe(params)
    for topic in sns._topics.values():
        for subscription in list(topic["subscriptions"]):
            _ask(topic, subscription["endpoint"])
    return answer


def _list_with_pending(params: dict) -> tuple:
    """AWS does not list the ARN of a subscription that is not confirmed."""
    status, headers, body = _list(params)
    text = body.decode() if isinstance(body, bytes) else body
    for topic in sns._topics.values():
        for subscription in topic["subscriptions"]:
            if not subscription.get("confirmed"):
                text = text.replace(f">{subscription['arn']}<", ">PendingConfirmation<")
    return status, headers, text.encode() if isinstance(body, bytes) else text


def _create_and_ask(logical_id: str, properties: dict, stack_name: str) -> tuple[str, dict]:
    made = _of_stack["create"](logical_id, properties, stack_name)
    if topic := sns._topics.get(properties.get("TopicArn", "")):
        _ask(topic, properties.get("Endpoint", ""))
    return made


def _fanout_with_mail(topic_arn, msg_id, message, subject, message_structure="", message_attributes=None, *rest, **more):
    _fanout(topic_arn, msg_id, message, subject, message_structure, message_attributes, *rest, **more)
    topic = sns._topic_by_arn_any_scope(topic_arn)
    for subscription in topic["subscriptions"] if topic else []:
        protocol = subscription.get("protocol")
        if protocol not in OUTBOX or not subscription.get("confirmed"):
            continue
        text = sns._resolve_message_for_protocol(message, message_structure, protocol)
        if sns._matches_filter_policy(subscription, message_attributes or {}, text):
            _send(topic_arn, protocol, subscription["endpoint"], subject or "AWS Notification Message", text)


_of_stack = dict(provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"])


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    sns._fanout = _fanout_with_mail
    sns._subscribe = _subscribe_and_ask
    sns._list_subscriptions_by_topic = _list_with_pending
    provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]["create"] = _create_and_ask
