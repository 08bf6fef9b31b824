"""What S3 refuses in the document of a setting, in the words that it has been recorded to use.

The recordings are those of LocalStack's tests against AWS.  MiniStack keeps these documents without a look.
"""

import re
from xml.etree.ElementTree import Element

from ministack.services import s3

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
MALFORMED = (400, "MalformedXML", s3._MALFORMED_XML)
TAG = re.compile(r"[\w\s+\-=._:/@]*")
MIDNIGHT = "T00:00:00"


def problem(subresource: str, root: Element) -> tuple[int, str, str] | None:
    """The status, the code and the message of the refusal, if there is one."""
    check = CHECKS.get(subresource)
    return check(root) if check else None


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def children(element: Element, name: str) -> list[Element]:
    """Its children of this name."""
    return [child for child in element if local(child) == name]


def text(element: Element, name: str) -> str:
    """The text of its first child of this name; nothing if there is none."""
    found = children(element, name)
    return (found[0].text or "").strip() if found else ""


def _acl(root: Element) -> tuple | None:
    grants = children(root, "AccessControlList")
    if not children(root, "Owner") or not grants:
        return 400, "MalformedACLError", s3._MALFORMED_XML
    return None


def _cors(root: Element) -> tuple | None:
    rules = children(root, "CORSRule")
    if not rules:
        return MALFORMED
    for rule in rules:
        methods = [(one.text or "").strip() for one in children(rule, "AllowedMethod")]
        if not methods or not children(rule, "AllowedOrigin"):
            return MALFORMED
        for method in methods:
            if method not in METHODS:
                words = f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                return 400, "InvalidRequest", words
    return None


def _encryption(root: Element) -> tuple | None:
    rules = children(root, "Rule")
    if len(rules) != 1:
        return MALFORMED
    for default in children(rules[0], "ApplyServerSideEncryptionByDefault"):
        if text(default, "SSEAlgorithm") == "AES256" and text(default, "KMSMasterKeyID"):
            words = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
            return 400, "InvalidArgument", words
    return None


def _lifecycle(root: Element) -> tuple | None:
    rules = children(root, "Rule")
    if not rules:
        return MALFORMED
    for rule in rules:
        filters, expirations = children(rule, "Filter"), children(rule, "Expiration")
        if not filters and not children(rule, "Prefix"):
            return MALFORMED
        # More than one condition needs an `And`.
        if any(len(one) > 1 for one in filters):
            return MALFORMED
        if any(len(one) == 0 for one in children(rule, "NoncurrentVersionExpiration")):
            return MALFORMED
        for one in expirations:
            if len(one) != 1:
                return MALFORMED
            if (date := text(one, "Date")) and "T" in date and MIDNIGHT not in date:
                return 400, "InvalidArgument", "'Date' must be at midnight GMT"
    return None


def _tags(root: Element) -> tuple | None:
    keys = set()
    for tag in (one for group in children(root, "TagSet") for one in children(group, "Tag")):
        if not children(tag, "Key") or not children(tag, "Value"):
            return MALFORMED
        if not TAG.fullmatch(text(tag, "Key")):
            return 400, "InvalidTag", "The TagKey you have provided is invalid"
        if not TAG.fullmatch(text(tag, "Value")):
            return 400, "InvalidTag", "The TagValue you have provided is invalid"
        if text(tag, "Key") in keys:
            return 400, "InvalidTag", "Cannot provide multiple Tags with the same key"
        keys.add(text(tag, "Key"))
    return None


def _versioning(root: Element) -> tuple | None:
    if not children(root, "Status") and not children(root, "MfaDelete"):
        return 400, "IllegalVersioningConfigurationException", "The Versioning element must be specified"
    return None


def _website(root: Element) -> tuple | None:
    if children(root, "RedirectAllRequestsTo") and (children(root, "IndexDocument") or children(root, "RoutingRules")):
        words = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
        return 400, "InvalidArgument", words
    if any("/" in text(index, "Suffix") for index in children(root, "IndexDocument")):
        return 400, "InvalidArgument", "The IndexDocument Suffix is not well formed"
    return None


CHECKS = {
    "acl": _acl,
    "cors": _cors,
    "encryption": _encryption,
    "lifecycle": _lifecycle,
    "tagging": _tags,
    "versioning": _versioning,
    "website": _website,
}
