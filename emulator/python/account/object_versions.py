"""Objects that a service reads for its caller, in one version: templates, and the code of functions.

CloudFormation reads `TemplateURL` with the caller's credentials, also with `?versionId=`; Lambda reads a
function's code with the credentials of the stack.  Neither reads what the caller may not.
"""

from urllib.parse import parse_qs, unquote, urlsplit

from ministack.services import s3
from ministack.services.cloudformation import helpers

from . import authorization, caller, context

REGIONAL_HOST = ".s3."
MISSING = {
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchVersion": "The specified version does not exist.",
}

_resolve_document = helpers._resolve_document


class Unreadable(Exception):
    """The object cannot be read: S3's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read(key: str, bucket: str, name: str, version: str, via: str = "") -> bytes:
    """The content of an object for the caller with this access key."""
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    query = {"versionId": [version]} if version else {}
    request = context.HttpRequest("GET", f"/{bucket}/{name}", {}, query, b"")
    keys = {"s3:versionid": version} if version else {}
    if via:
        keys["aws:calledvia"] = [via]
    allowed, message = authorization.with_rights_of(key, action, f"arn:aws:s3:::{bucket}/{name}", keys, request)
    if not allowed:
        raise Unreadable("AccessDenied", message)
    content = s3._get_object_data(bucket, name, version_id=version or None)
    if content is None:
        code = "NoSuchBucket" if bucket not in s3._buckets else "NoSuchVersion" if version else "NoSuchKey"
        raise Unreadable(code, MISSING[code])
    return content


def _template(params: dict, body_key: str, url_key: str, label: str) -> tuple:
    url = helpers._p(params, url_key)
    if helpers._p(params, body_key) or not url or body_key != "TemplateBody":
        return _resolve_document(params, body_key, url_key, label)
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    host = parts.hostname or ""
    bucket, _, name = path.partition("/")
    if REGIONAL_HOST in host:
        bucket, name = host.split(REGIONAL_HOST)[0], path
    version = (parse_qs(parts.query).get("versionId") or [""])[0]
    try:
        content = read(caller.access_key.get(), bucket, name, version, caller.CLOUDFORMATION)
    except Unreadable as problem:
        return None, helpers._error("ValidationError", f"S3 error: {problem.message}")
    if len(content) > helpers.TEMPLATE_URL_MAX_BYTES:
        message = f"Template may not exceed {helpers.TEMPLATE_URL_MAX_BYTES} bytes in size."
        return None, helpers._error("ValidationError", message)
    return content.decode(), None


def install() -> None:
    """Replaces MiniStack's function with the one above."""
    helpers._resolve_document = _template
