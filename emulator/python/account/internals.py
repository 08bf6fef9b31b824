"""The internals of MiniStack that the wrapper uses, checked once when the server starts.

They are not its public interface, so the version is pinned.  An upgrade that moves one of them fails here, with
its name, and not as a test that passes for the wrong reason.
"""

from importlib import import_module
from importlib.metadata import version

VERSION = "1.5.33"

USED = {
    "ministack.app": [
        "app", "AUTH", "_request_account_scope", "_routing_params", "_handle_s3_control_request",
        "_enforce_data_plane", "_authenticate_only", "pin_signed_request",
    ],
    "ministack.core.arn": ["parse_arn"],
    "ministack.core.concurrency": ["esm_wake"],
    "ministack.core.iam_actions": [
        "_S3_BUCKET_QUERY_ACTIONS", "_s3_action", "access_denied_response", "extract_iam_action", "extract_resource_arn",
        "_lambda_action",
    ],
    "ministack.core.iam_evaluator": [
        "AuthError", "CredentialResolutionError", "EvalContext", "EvalResult", "_anonymous", "_principal_keys",
        "_resolve_managed_policy_document", "_resource_policy", "_signed_request", "authenticate", "enforce",
        "evaluate_trust_policy", "resolve_caller_identity", "resolve_credential", "resource_policy_allows",
    ],
    "ministack.core.lambda_runtime": ["Worker", "_lock", "_workers", "_worker_key", "execution_credentials"],
    "ministack.core.responses": [
        "AccountScopedDict", "_account_from_sts_session", "get_account_id", "get_region", "request_scope",
        "set_request_account_id", "set_request_region",
    ],
    "ministack.core.router": ["detect_service", "extract_access_key_id", "extract_region"],
    "ministack.core.sigv4": ["decode_header_value"],
    "ministack.services.cloudformation": ["_change_sets", "_stacks"],
    "ministack.services.cloudformation.changesets": [
        "_IMPORT_LOOKUPS", "_deploy_stack_async", "_evaluate_conditions", "_resolve_props_for_diff", "_sdk_error",
    ],
    "ministack.services.cloudformation.engine": ["_evaluate_conditions", "_resolve_refs"],
    "ministack.services.cloudformation.handlers": ["_evaluate_conditions"],
    "ministack.services.cloudformation.helpers": ["TEMPLATE_URL_MAX_BYTES", "_error", "_p", "_resolve_document"],
    "ministack.services.cloudformation.provisioners": ["_RESOURCE_HANDLERS", "_physical_name"],
    "ministack.services.cloudformation.stacks": [
        "_deploy_stack_async", "_evaluate_conditions", "_validation_errors",
    ],
    "ministack.services.cloudtrail": [
        "_DISPATCH", "_event_selectors", "_create_trail", "_delete_trail", "_err", "_put_event_selectors",
        "_start_logging",
        "_visible_trail_items",
    ],
    "ministack.services.cloudwatch": [
        "_alarms", "_composite_alarms", "_put_composite_alarm", "_metrics", "_calc_stats", "_stat_value", "_dims_key", "_dims_from_list", "_evaluate_alarm",
        "_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms", "record_metric",
    ],
    "ministack.services.cloudwatch_logs": ["_append_log_events"],
    "ministack.services.eventbridge": [
        "_dispatch_event", "_dispatch_to_lambda", "_dispatch_to_sqs", "_invoke_target", "_pattern_event_view",
        "_put_events", "_rule_arn",
        "_rules", "_targets",
    ],
    "ministack.services.iam": [
        "_boundary_policy_error", "_group_inline_policies", "_groups", "_roles", "_user_inline_policies", "_users",
        "_access_keys",
    ],
    "ministack.services.kms": [
        "_aliases", "_alias_arn", "_create_key", "_describe_key", "_key_metadata", "_keys", "_resolve_key",
        "error_response_json",
    ],
    "ministack.services.lambda_svc": [
        "_create_esm", "_emit_lambda_logs", "_esms", "_execution_record_for_config", "_functions",
        "_get_func_record_for_ref",
        "_run_sqs_batch", "_sqs_esm_concurrency", "execution_credentials", "invalidate_worker",
        "invoke_async_with_retry",
    ],
    "ministack.services.s3": [
        "S3_NS", "_acl_grants", "_bucket_acl", "_verify_presigned_sigv4", "_foreign_bucket_allows", "_get_bucket_acl", "_get_bucket_policy",
        "_CANNED_BUCKET_ACLS", "_get_object_acl", "bucket_policy_for_arn", "_bucket_default_sse_headers", "_get_object_data", "_multipart_uploads", "_object_record_from_version",
        "_object_versions", "_resolve_sse_write_headers", "upload_encryption_header", "s3control_account_error",
        "s3control_error", "_MALFORMED_XML", "_bucket_encryption",
        "_bucket_has_versions", "_bucket_logging_config", "_bucket_notifications", "_bucket_object_lock",
        "_bucket_owner_enforced", "_bucket_policies", "_bucket_replication", "_bucket_tags",
        "_bucket_versioning", "_buckets", "_create_bucket", "_delete_bucket", "_delete_bucket_encryption",
        "_delete_bucket_ownership_controls", "_delete_bucket_tagging", "_dispatch", "_duplicate_tag_error",
        "_error", "_fire_s3_event", "_generated_notification_id", "_get_bucket_encryption",
        "_get_bucket_request_payment",
        "_no_such_bucket", "_parse_tags_xml", "_policy_is_public", "_public_access_blocked",
        "_put_bucket_accelerate", "_put_bucket_acl", "_put_bucket_encryption", "_put_bucket_logging",
        "_put_bucket_notification", "_put_bucket_ownership_controls", "_put_bucket_policy",
        "_put_bucket_request_payment", "_put_bucket_versioning", "_put_bucket_website", "_put_object",
        "_put_object_lock_configuration", "_put_public_access_block", "_qp", "_validate_bucket_tags",
    ],
    "ministack.services.sns": [
        "_fanout", "_matches_filter_policy", "_resolve_message_for_protocol", "_subscribe",
        "_topic_by_arn_any_scope", "_topics", "topic_policy_allows",
    ],
    "ministack.services.sqs": [
        "_Err", "_HANDLERS", "_queue_by_arn", "_queues", "_queues_lock", "queue_policy_allows",
    ],
    "ministack.services.sts": ["_sessions", "register_session"],
}


def check() -> None:
    """Stops with the name of what is missing."""
    found = version("ministack")
    if found != VERSION:
        raise SystemExit(f"ministack {found} is installed, the wrapper was written for {VERSION}")
    for module_name, names in USED.items():
        module = import_module(module_name)
        for name in names:
            if not hasattr(module, name):
                raise SystemExit(f"ministack {found} has no {module_name}.{name} any more")


check()
