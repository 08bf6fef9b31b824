//! IAM and Lambda.

use s3guard_synth::{
    cfn::{PolicyDocument, Statement, Value, kind::QueueArn},
    resources::{
        iam::{ManagedPolicy, Role},
        lambda::{
            ApplicationLogLevel, ArchitectureChoice, Code, DeadLetterConfig, Environment,
            EphemeralStorage, EventSourceMapping, Function, FunctionResponseType, LogFormat,
            LoggingConfig, Permission, RecursiveLoop, Runtime, ScalingConfig, SystemLogLevel,
            TracingConfig, TracingMode,
        },
    },
};
use serde_json::{Value as Json, json};

use super::{Specimen, arn, document, key, specimen, tags, words};

pub(super) fn all() -> Vec<Specimen> {
    vec![
        specimen(Role::new(trust()), [role()]),
        specimen(ManagedPolicy::new(document()), [managed_policy()]),
        specimen(
            Function::new(role_arn(), archive()),
            [archive(), script(), image()].map(function),
        ),
        specimen(Permission::new(name(), "events.amazonaws.com"), [permission()]),
        specimen(EventSourceMapping::new(name(), queue::<QueueArn>()), [source()]),
    ]
}

pub(super) fn vocabulary() -> Vec<(&'static str, &'static str, Vec<Json>)> {
    const FUNCTION: &str = "AWS::Lambda::Function";
    let levels = words!(ApplicationLogLevel);
    vec![
        (FUNCTION, "/PackageType", vec![json!("Zip"), json!("Image")]),
        (FUNCTION, "/Runtime", words!(Runtime)),
        (FUNCTION, "/Architectures/0", words!(ArchitectureChoice)),
        (FUNCTION, "/LoggingConfig/LogFormat", words!(LogFormat)),
        (FUNCTION, "/LoggingConfig/ApplicationLogLevel", levels),
        (FUNCTION, "/LoggingConfig/SystemLogLevel", words!(SystemLogLevel)),
        (FUNCTION, "/RecursiveLoop", words!(RecursiveLoop)),
        (FUNCTION, "/TracingConfig/Mode", words!(TracingMode)),
        (
            "AWS::Lambda::EventSourceMapping",
            "/FunctionResponseTypes/0",
            words!(FunctionResponseType),
        ),
    ]
}

fn trust() -> PolicyDocument {
    PolicyDocument::new([Statement::trust("lambda.amazonaws.com")])
}

fn role_arn<K>() -> Value<K> {
    arn("iam::111122223333:role/reports")
}

fn queue<K>() -> Value<K> {
    arn("sqs:eu-west-1:111122223333:reports")
}

fn name<K>() -> Value<K> {
    Value::literal("reports")
}

fn role() -> Role {
    Role {
        assume_role_policy_document: trust(),
        description: Some("reads reports"),
        path: Some("/reports/"),
        role_name: Some("reports".into()),
        max_session_duration_seconds: Some(3_600),
        permissions_boundary: Some(arn("iam::111122223333:policy/most")),
        managed_policy_arns: vec![arn("iam::111122223333:policy/some")],
        tags: tags(),
    }
}

fn managed_policy() -> ManagedPolicy {
    ManagedPolicy {
        policy_document: document(),
        description: Some("reads reports"),
        path: Some("/reports/"),
        managed_policy_name: Some("reports".into()),
        roles: vec![name()],
    }
}

fn archive() -> Code {
    Code::Archive {
        bucket: "code".into(),
        key: "reports.zip".into(),
        version: Some("1".into()),
        runtime: Runtime::ProvidedAl2023,
        handler: "reports",
    }
}

fn script() -> Code {
    let text = "def reports(event, context): pass\n".into();
    Code::Script { text, runtime: Runtime::Python313, handler: "index.reports" }
}

fn image() -> Code {
    Code::Image { uri: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/reports:1".into() }
}

fn function(code: Code) -> Function {
    Function {
        role: role_arn(),
        code,
        description: Some("writes reports"),
        function_name: Some("reports".into()),
        architectures: vec![ArchitectureChoice::Arm64.into()],
        environment: Some(Environment { variables: vec![("REPORTS", "yes".into())] }),
        kms_key_arn: Some(key()),
        memory_mebibytes: Some(128),
        timeout_seconds: Some(60),
        ephemeral_storage: Some(EphemeralStorage { size_mebibytes: 512 }),
        logging_config: Some(LoggingConfig {
            log_group: Some(name()),
            log_format: Some(LogFormat::Json),
            application_log_level: Some(ApplicationLogLevel::Info),
            system_log_level: Some(SystemLogLevel::Info),
        }),
        dead_letter_config: Some(DeadLetterConfig { target_arn: queue() }),
        reserved_concurrent_executions: Some(2),
        recursive_loop: Some(RecursiveLoop::Terminate),
        tracing_config: Some(TracingConfig { mode: TracingMode::Active }),
        tags: tags(),
    }
}

fn permission() -> Permission {
    Permission {
        function_name: name(),
        action: "lambda:InvokeFunction",
        principal: "events.amazonaws.com".into(),
        source_arn: Some(arn("events:eu-west-1:111122223333:rule/reports")),
        source_account: Some("111122223333".into()),
        principal_organization: Some("o-1234567890".into()),
    }
}

fn source() -> EventSourceMapping {
    EventSourceMapping {
        function_name: name(),
        event_source_arn: queue(),
        enabled: Some(true),
        batch_size: Some(10),
        batching_window_seconds: Some(1),
        function_response_types: vec![FunctionResponseType::ReportBatchItemFailures],
        scaling_config: Some(ScalingConfig { concurrency_max: 2 }),
        kms_key_arn: Some(key()),
        tags: tags(),
    }
}
