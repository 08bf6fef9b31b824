"""The current request to AWS, and the condition keys that it has besides those of its caller."""

import contextlib
import json
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qs

from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, s3


@dataclass
class HttpRequest:
    """A request to AWS, read to its end."""

    method: str
    path: str
    headers: dict
    query: dict
    body: bytes
    service: str = ""
    action: str | None = None
    resource: str = "*"

    def parameters(self) -> dict:
        """The fields of its JSON or of its form; of a form, each has one value."""
        with contextlib.suppress(ValueError):
            found = json.loads(self.body)
            return found if isinstance(found, dict) else {}
        form = parse_qs(self.body.decode("utf-8", "replace")) if self.method == "POST" else {}
        return {name: values[0] for name, values in {**self.query, **form}.items()}

    def is_unchecked(self) -> bool:
        """Whether a test makes it as AWS itself would, past every policy: only our own client can."""
        unsigned = self.headers.get("authorization", "").endswith("Signature=none")
        return unsigned and self.headers.get("x-s3guard-unchecked") == "true"


current: ContextVar[HttpRequest | None] = ContextVar("s3guard_request", default=None)

# Whether the request counts as plain HTTP. The others count as TLS, from an address of the documentation.
plain_http: ContextVar[bool] = ContextVar("s3guard_plain_http", default=False)
PLAIN_HTTP = "x-s3guard-plain-http"
SOURCE_IP = "192.0.2.1"
TLS_VERSION = "1.3"
# Condition keys of S3 with the name of their header.
S3_HEADERS = (
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
)
S3_NAMED = {
    "s3:if-match": "if-match",
    "s3:if-none-match": "if-none-match",
    "s3:object-lock-legal-hold": "x-amz-object-lock-legal-hold",
    "s3:object-lock-mode": "x-amz-object-lock-mode",
    "s3:object-lock-retain-until-date": "x-amz-object-lock-retain-until-date",
}
IAM_PARAMETERS = {"iam:policyarn": "PolicyArn", "iam:permissionsboundary": "PermissionsBoundary"}
SNS_PARAMETERS = {"sns:protocol": "Protocol", "sns:endpoint": "Endpoint"}


def keys_of_call(owner: str) -> dict:
    """The keys of every call, on a resource of this account."""
    now = datetime.now(timezone.utc)
    tls = {} if plain_http.get() else {"s3:tlsversion": TLS_VERSION}
    return {
        "aws:currenttime": now.isoformat(),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:requestedregion": get_region(),
        "aws:resourceaccount": owner or get_account_id(),
        "aws:securetransport": str(not plain_http.get()).lower(),
        "aws:viaawsservice": "false",
        "s3:resourceaccount": owner or get_account_id(),
        **tls,
    }


def keys_of_request(service: str, action: str) -> dict:
    """The keys that the current request gives: of its headers, its form or its JSON."""
    request = current.get()
    if request is None or request.service != service:
        return {}
    keys = {"aws:sourceip": SOURCE_IP, "aws:useragent": request.headers.get("user-agent", "")}
    if service == "s3":
        keys.update(_of_s3(request))
    elif service == "kms":
        keys.update(encryption_context(request.parameters().get("EncryptionContext") or {}))
    elif service == "iam":
        keys.update(_of_iam(request.parameters(), action))
    elif service == "sns":
        given = request.parameters()
        keys.update({key: given[name] for key, name in SNS_PARAMETERS.items() if name in given})
    return keys


def _of_s3(request: HttpRequest) -> dict:
    keys = {f"s3:{name}": request.headers[name] for name in S3_HEADERS if name in request.headers}
    keys.update({key: request.headers[name] for key, name in S3_NAMED.items() if name in request.headers})
    if version := (request.query.get("versionId") or [""])[0]:
        keys["s3:versionid"] = version
    # A part has no header for the encryption: that of the upload counts.
    if (upload := (request.query.get("uploadId") or [""])[0]) and (sse := s3.upload_encryption_header(upload)):
        keys["s3:x-amz-server-side-encryption"] = sse
    return keys


def _of_iam(given: dict, action: str) -> dict:
    keys = {key: given[name] for key, name in IAM_PARAMETERS.items() if name in given}
    # A call on a role that exists has the boundary of this role.
    if "RoleName" in given and action not in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        boundary = (iam._roles.get(given["RoleName"]) or {}).get("PermissionsBoundary")
        keys.update({"iam:permissionsboundary": boundary} if boundary else {})
    return keys


def encryption_context(pairs: dict) -> dict:
    """KMS's keys for an encryption context."""
    if not pairs:
        return {}
    keys: dict = {f"kms:encryptioncontext:{name}".lower(): value for name, value in pairs.items()}
    return {**keys, "kms:encryptioncontextkeys": list(pairs)}
