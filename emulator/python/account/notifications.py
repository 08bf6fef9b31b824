"""A bucket's notifications: stored unchanged, in the given order, and only with destinations that S3 may reach.

MiniStack only keeps what it needs for delivery.  S3 returns every configuration as it was put, with an id where
the caller gave none, and checks a function's policy as it checks a queue's and a topic's.
"""

import re
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import ParseError, fromstring
from ministack.services import s3

from . import authorization

SERVICE = "s3.amazonaws.com"
EVENT = re.compile(r"s3:[A-Za-z]+(:(\*|[A-Za-z]+))?")
ARN = re.compile(r"arn:[\w-]+:(sqs|sns|lambda):[\w-]*:\d{12}:.+")
UNREACHABLE = "Unable to validate the following destination configurations"
# What some clients send, and what S3 returns.
WIRE_NAMES = {
    "LambdaFunctionConfiguration": "CloudFunctionConfiguration",
    "LambdaFunctionArn": "CloudFunction",
    "Function": "CloudFunction",
}

_put = s3._put_bucket_notification


def _put_whole(name: str, body: bytes, headers: dict | None = None) -> tuple:
    if name not in s3._buckets:
        return s3._no_such_bucket(name)
    try:
        given = fromstring(body)
    except ParseError:
        return s3._error("MalformedXML", s3._MALFORMED_XML, 400)
    whole = _copy(given, top=True)
    if not all(EVENT.fullmatch((event.text or "").strip()) for event in whole.iter("Event")):
        return s3._error("InvalidArgument", "The event is not supported for notifications", 400, f"/{name}")
    if malformed := next((one for one in _destinations(whole) if not ARN.fullmatch(one)), None):
        return s3._error("InvalidArgument", "The ARN could not be parsed", 400, extra={"ArgumentValue": malformed})
    skip = (headers or {}).get("x-amz-skip-destination-validation", "").lower() == "true"
    functions = [(one.text or "").strip() for one in whole.iter("CloudFunction")]
    unreachable = [] if skip else [arn for arn in functions if not _may_invoke(arn, name)]
    if unreachable:
        return _unreachable(unreachable)
    whole.set("xmlns", s3.S3_NS)
    text = tostring(whole, encoding="unicode")
    answer = _put(name, text.encode(), headers)
    if answer[0] == 400 and UNREACHABLE.encode() in answer[2]:
        return _unreachable([one for one in _destinations(whole) if one.encode() in answer[2]])
    if answer[0] == 200:
        s3._bucket_notifications[name] = text
    return answer


def _destinations(whole: Element) -> list[str]:
    return [(one.text or "").strip() for one in whole.iter() if one.tag in ("Queue", "Topic", "CloudFunction")]


def _unreachable(arns: list[str]) -> tuple:
    """S3 names each destination and why in elements of their own."""
    extra = {f"ArgumentName{number}": arn for number, arn in enumerate(arns, 1)}
    return s3._error("InvalidArgument", UNREACHABLE, 400, extra=extra)


def _copy(element: Element, top: bool = False) -> Element:
    """The element in S3's spelling, without namespaces; each configuration has an id."""
    name = element.tag.rsplit("}", 1)[-1]
    copied = Element(WIRE_NAMES.get(name, name))
    copied.text = element.text if len(element) == 0 else None
    for child in element:
        made = _copy(child)
        if top and len(child) and made.find("Id") is None:
            made.insert(0, Element("Id"))
        if top and len(child) and not made.find("Id").text:
            made.find("Id").text = s3._generated_notification_id()
        copied.append(made)
    return copied


def _may_invoke(arn: str, bucket: str) -> bool:
    source = f"arn:aws:s3:::{bucket}"
    return authorization.of_service(SERVICE, "lambda:InvokeFunction", arn, source).allowed


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    s3._put_bucket_notification = _put_whole
