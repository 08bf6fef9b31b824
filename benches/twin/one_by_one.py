"""A tool that makes one call after the other: Cloud Custodian's calls for one CreateBucket event.

It lists the account's buckets to find the one, reads ten settings of it (`S3_AUGMENT_TABLE` in its `s3.py`), needed or not, and the
encryption for the filter `bucket-encryption`; then it sets the encryption. It exists for the comparison: the calls are
Custodian's in their order, without its other work.
"""

import boto3
from botocore.exceptions import ClientError

SETTINGS = [
    "location",
    "tagging",
    "policy",
    "acl",
    "replication",
    "versioning",
    "website",
    "logging",
    "notification_configuration",
    "lifecycle_configuration",
    "encryption",
]

s3 = boto3.client("s3")


def handler(event, context):
    """Reads the settings of the bucket in CloudTrail's event, and encrypts it."""
    name = event["detail"]["requestParameters"]["bucketName"]
    buckets = s3.list_buckets()["Buckets"]
    bucket = next(bucket["Name"] for bucket in buckets if bucket["Name"] == name)
    for setting in SETTINGS:
        read(setting, bucket)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return {"bucket": bucket}


def read(setting, bucket):
    """Reads a setting; `None` if it is not configured."""
    try:
        return getattr(s3, f"get_bucket_{setting}")(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
