"""The account's own public access block (S3 Control), which MiniStack does not know.

An SDK puts the account in front of the endpoint's host, which no resolver knows for 127.0.0.1.  So its endpoint is
`http://s3-control@127.0.0.1:PORT`: what the SDK makes of it, `ACCOUNT.s3-control@127.0.0.1:PORT`, is still an address
of this machine, and it is the host that the SDK signs, although not the one that it sends.

Errors of S3 Control are wrapped in `ErrorResponse`, and there is no `s3:DeleteAccountPublicAccessBlock`: deleting needs
the permission to put.
"""

import re
from dataclasses import replace

from defusedxml.ElementTree import ParseError, fromstring
from ministack import app as ministack
from ministack.core import iam_evaluator
from ministack.core.responses import AccountScopedDict, get_account_id, get_region
from ministack.services import s3

from . import caller, records

PATH = "/v20180820/configuration/publicAccessBlock"
ENDPOINT_USER = "s3-control"
XMLNS = "http://awss3control.amazonaws.com/doc/2018-08-20/"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EVENTS = {"PUT": "PutAccountPublicAccessBlock", "DELETE": "DeleteAccountPublicAccessBlock"}

_blocks = AccountScopedDict()
_handle = ministack._handle_s3_control_request


def action(method: str) -> str:
    """The IAM action of a call on the block."""
    return "s3:GetAccountPublicAccessBlock" if method == "GET" else "s3:PutAccountPublicAccessBlock"


def blocks(account: str, setting: str) -> bool:
    """Whether the account's block has this setting on."""
    block = _blocks.get_scoped(account, None, "block")
    return bool(block and block[setting])


def event(method: str, body: bytes) -> tuple[str, dict]:
    """CloudTrail's name and `requestParameters` of a write on the block."""
    host = f"{get_account_id()}.s3-control.{get_region()}.amazonaws.com"
    parameters = {"publicAccessBlock": "", "Host": host}
    if method == "PUT":
        parameters.update(records.from_xml(body))
    return EVENTS[method], parameters


async def _handle_with_block(path, method, body, query_params, request_id, headers=None):
    if path != PATH:
        return await _handle(path, method, body, query_params, request_id, headers)
    headers = headers or {}
    _find_signed_host()
    denied = ministack._enforce_data_plane("s3", action(method), headers, query_params, request_id)
    return _wrapped(denied) if denied else s3.s3control_account_error(headers) or _answer(method, body)


def _find_signed_host() -> None:
    """Finds the host that was signed, so that the signature can be checked."""
    pinned = iam_evaluator._signed_request.get()
    if pinned is None or pinned.presigned:
        return
    failed = iam_evaluator.authenticate(caller.access_key.get(), get_account_id())
    if isinstance(failed, iam_evaluator.AuthError):
        host = f"{get_account_id()}.{ENDPOINT_USER}@{pinned.headers.get('host', '')}"
        pinned = replace(pinned, headers={**pinned.headers, "host": host})
    iam_evaluator._signed_request.set(pinned)


def _wrapped(refusal: tuple) -> tuple:
    """S3's refusal in the form of S3 Control."""
    status, _, body = refusal
    text = body.decode() if isinstance(body, bytes) else body
    found = [re.search(f"<{name}>([^<]*)", text) for name in ("Code", "Message")]
    code, message = (match.group(1) if match else "" for match in found)
    return s3.s3control_error(code, message, status)


def _answer(method: str, body: bytes) -> tuple:
    if method == "PUT":
        try:
            root = fromstring(body)
        except ParseError:
            root = None
        if root is None or not root.tag.endswith("PublicAccessBlockConfiguration"):
            message = "The XML you provided was not well-formed or did not validate against our published schema"
            return s3.s3control_error("MalformedXML", message, 400)
        if len(root) == 0:
            return s3.s3control_error("InvalidRequest", "Must specify at least one configuration.", 400)
        given = {child.tag.rsplit("}", 1)[-1]: (child.text or "").strip().lower() == "true" for child in root}
        _blocks["block"] = {name: given.get(name, False) for name in SETTINGS}
        return 200, {}, b""
    if method == "DELETE":
        _blocks.pop("block", None)
        return 204, {}, b""
    block = _blocks.get("block")
    if block is None:
        message = "The public access block configuration was not found"
        extra = {"AccountId": get_account_id()}
        return s3.s3control_error("NoSuchPublicAccessBlockConfiguration", message, 404, extra)
    settings = "".join(f"<{name}>{str(block[name]).lower()}</{name}>" for name in SETTINGS)
    xml = f'<PublicAccessBlockConfiguration xmlns="{XMLNS}">{settings}</PublicAccessBlockConfiguration>'
    return 200, {"Content-Type": "application/xml"}, xml.encode()


def install() -> None:
    """Replaces MiniStack's functions with the ones above."""
    ministack._handle_s3_control_request = _handle_with_block
