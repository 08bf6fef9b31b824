"""A guard of 2022: it sets AES-256 on a bucket without default encryption.

It exists for the comparison, and does less than s3guard: no public access block, no queue, no notification.
"""

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")


def handler(event, context):
    """Encrypts the bucket that CloudTrail's event names, if it is not encrypted."""
    bucket = event["detail"]["requestParameters"]["bucketName"]
    try:
        s3.get_bucket_encryption(Bucket=bucket)
        return {"bucket": bucket, "encrypted": "before"}
    except ClientError as error:
        if error.response["Error"]["Code"] != "ServerSideEncryptionConfigurationNotFoundError":
            raise
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return {"bucket": bucket, "encrypted": "now"}
