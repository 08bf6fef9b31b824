"""The account's own public access block (S3 Control), which MiniStack does not know."""

from defusedxml.ElementTree import ParseError, fromstring
from ministack import app as ministack
from ministack.core.responses import AccountScopedDict, get_account_id, get_region
from ministack.services import s3

from . import records, trails

PATH = "/v20180820/configuration/publicAccessBlock"
XMLNS = "http://awss3control.amazonaws.com/doc/2018-08-20/"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EVENTS = {"PUT": "PutAccountPublicAccessBlock", "DELETE": "DeleteAccountPublicAccessBlock"}

_blocks = AccountScopedDict()
_handle = ministack._handle_s3_control_request


async def _handle_with_block(path, method, body, query_params, request_id, headers=None):
    if path != PATH:
        return await _handle(path, method, body, query_params, request_id, headers)
    headers = headers or {}
    # There is no s3:DeleteAccountPublicAccessBlock: deleting needs the permission to put.
    action = "s3:GetAccountPublicAccessBlock" if method == "GET" else "s3:PutAccountPublicAccessBlock"
    denied = ministack._enforce_data_plane("s3", action, headers, query_params, request_id)
    answer = denied or _answer(method, body)
    if method in EVENTS:
        host = f"{get_account_id()}.s3-control.{get_region()}.amazonaws.com"
        parameters = {"publicAccessBlock": "", "Host": host}
        answer_body = answer[2] if isinstance(answer[2], bytes) else answer[2].encode()
        error = records.error_of(answer[0], answer_body)
        trails.publish(records.record(EVENTS[method], parameters, headers.get("user-agent", ""), error=error))
    return answer


def _answer(method: str, body: bytes) -> tuple:
    if method == "PUT":
        try:
            given = {e.tag.rsplit("}", 1)[-1]: e.text == "true" for e in fromstring(body)}
        except ParseError:
            return s3._error("MalformedXML", "The XML you provided was not well-formed", 400)
        _blocks["block"] = {name: given.get(name, False) for name in SETTINGS}
        return 201, {}, b""
    if method == "DELETE":
        _blocks.pop("block", None)
        return 204, {}, b""
    block = _blocks.get("block")
    if block is None:
        message = "The public access block configuration was not found"
        return s3._error("NoSuchPublicAccessBlockConfiguration", message, 404)
    settings = "".join(f"<{name}>{str(block[name]).lower()}</{name}>" for name in SETTINGS)
    xml = f'<PublicAccessBlockConfiguration xmlns="{XMLNS}">{settings}</PublicAccessBlockConfiguration>'
    return 200, {"Content-Type": "application/xml"}, xml.encode()


def install() -> None:
    """Puts the above in MiniStack's place."""
    ministack._handle_s3_control_request = _handle_with_block
