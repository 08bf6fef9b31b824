#!/usr/bin/env python3
"""An adversary's function: it makes the S3 request that it is asked for with the credentials of its role."""

import json
import os
import urllib.error
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"


def call(method, path, body):
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/eu-west-1/s3/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
    url = f"{os.environ['AWS_ENDPOINT_URL']}{path}"
    request = urllib.request.Request(url, body.encode(), {"authorization": signature}, method=method)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        print(error.read().decode(), flush=True)
        return error.code


while True:
    with urllib.request.urlopen(f"{API}/invocation/next") as answer:
        request, event = answer.headers["lambda-runtime-aws-request-id"], json.load(answer)
    status = json.dumps(call(event["method"], event["path"], event["body"])).encode()
    urllib.request.urlopen(urllib.request.Request(f"{API}/invocation/{request}/response", status, method="POST"))
