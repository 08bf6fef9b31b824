"""What a tool does that asks one question after the other: Cloud Custodian's calls for one CreateBucket event.

It lists the account's buckets to find the one, reads ten settings of it (`S3_AUGMENT_TABLE` in its `s3.py`), needed or not, and the
encryption for the filter `bucket-encryption`; then it sets the encryption. It is here to be measured: the calls are
Custodian's in their order, its own work around them is left out.
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
    """Reads all of the bucket that CloudTrail's event names, and encrypts it."""
    name = event["detail"]["requestParameters"]["bucketName"]
    buckets = s3.list_buckets()["Buckets"]
    bucket = next(bucket["Name"] for bucket in buckets if bucket["Name"] == name)
    for setting in SETTINGS:
        read(setting, bucket)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return {"bucket": bucket}


def read(setting, bucket):
    """Reads a setting; none, if the bucket has it not."""
    try:
        return getattr(s3, f"get_bucket_{setting}")(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
