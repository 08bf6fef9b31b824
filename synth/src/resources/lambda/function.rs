//! `AWS::Lambda::Function`

use serde::{Serialize, Serializer};
use serde_json::{Map, json};

use crate::{
    cfn::{
        Value,
        kind::{Architecture, KeyArn, LogGroupName, QueueArn, RoleArn, Text},
    },
    resources::Tag,
};

/// `AWS::Lambda::Function`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Function {
    /// The role that it has while it runs.
    pub role: Value<RoleArn>,
    /// The program.
    #[serde(flatten)]
    pub code: Code,
    /// What it is for.
    pub description: Option<&'static str>,
    /// Its name; CloudFormation finds one that is free.
    pub function_name: Option<Value<Text>>,
    /// The processors it can run on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<Value<Architecture>>,
    /// What it finds in its environment.
    pub environment: Option<Environment>,
    /// The key that encrypts the environment.
    pub kms_key_arn: Option<Value<KeyArn>>,
    /// Its memory, and with it its share of a processor.
    #[serde(rename = "MemorySize")]
    pub memory_mebibytes: Option<u32>,
    /// How long it may run.
    #[serde(rename = "Timeout")]
    pub timeout_seconds: Option<u32>,
    /// Room for files under `/tmp`.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Where and how it logs.
    pub logging_config: Option<LoggingConfig>,
    /// Where events go that it failed to handle when called asynchronously.
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// How many calls are set aside for it, and are its most. Fails in accounts with a small quota.
    pub reserved_concurrent_executions: Option<u32>,
    /// What happens when it seems to call itself.
    pub recursive_loop: Option<RecursiveLoop>,
    /// Whether its calls are traced.
    pub tracing_config: Option<TracingConfig>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Function = "AWS::Lambda::Function";
    ref {
        /// The function's name.
        name: FunctionName
    }
    get {
        /// The function's ARN.
        arn: FunctionArn = "Arn"
    }
}

impl Function {
    /// A function with Lambda's own defaults: 128 MiB, 3 seconds.
    pub fn new(role: Value<RoleArn>, code: Code) -> Self {
        Self {
            role,
            code,
            description: None,
            function_name: None,
            architectures: Vec::new(),
            environment: None,
            kms_key_arn: None,
            memory_mebibytes: None,
            timeout_seconds: None,
            ephemeral_storage: None,
            logging_config: None,
            dead_letter_config: None,
            reserved_concurrent_executions: None,
            recursive_loop: None,
            tracing_config: None,
            tags: Vec::new(),
        }
    }
}

/// A function's program, and what runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// An archive in a bucket of the stack's region.
    Archive {
        /// The bucket.
        bucket: Value<Text>,
        /// The archive's key.
        key: Value<Text>,
        /// The archive's version.
        version: Option<Value<Text>>,
        /// What runs it.
        runtime: Runtime,
        /// Where it begins.
        handler: &'static str,
    },
    /// A short script. For runtimes that take scripts.
    Script {
        /// The script.
        text: String,
        /// What runs it.
        runtime: Runtime,
        /// Where it begins.
        handler: &'static str,
    },
    /// A container image.
    Image {
        /// Where it is.
        uri: Value<Text>,
    },
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self {
            Self::Archive { bucket, key, version, runtime, handler } => json!({
                "PackageType": "Zip", "Runtime": runtime, "Handler": handler,
                "Code": { "S3Bucket": bucket, "S3Key": key, "S3ObjectVersion": version },
            }),
            Self::Script { text, runtime, handler } => json!({
                "PackageType": "Zip", "Runtime": runtime, "Handler": handler,
                "Code": { "ZipFile": text },
            }),
            Self::Image { uri } => json!({ "PackageType": "Image", "Code": { "ImageUri": uri } }),
        };
        json.serialize(serializer)
    }
}

choices! {
    /// What runs a program. Lambda has more.
    pub enum Runtime {
        /// The program itself, on Amazon Linux 2023
        ProvidedAl2023 = "provided.al2023",
        /// Python
        Python313 = "python3.13",
    }

    /// A processor architecture.
    pub enum ArchitectureChoice {
        /// Intel's and AMD's
        X86_64 = "x86_64",
        /// Arm's, Graviton
        Arm64 = "arm64",
    }

    /// What happens when a function seems to call itself.
    pub enum RecursiveLoop {
        /// It goes on
        Allow = "Allow",
        /// Lambda stops it
        Terminate = "Terminate",
    }

    /// How a function logs.
    pub enum LogFormat {
        /// Lines
        Text = "Text",
        /// Objects
        Json = "JSON",
    }

    /// The least important of a function's own entries that is kept.
    pub enum ApplicationLogLevel {
        /// Every step
        Trace = "TRACE",
        /// For who looks for a mistake
        Debug = "DEBUG",
        /// What was done
        Info = "INFO",
        /// What may be wrong
        Warn = "WARN",
        /// What failed
        Error = "ERROR",
    }

    /// The least important of Lambda's own entries that is kept.
    pub enum SystemLogLevel {
        /// Every step
        Debug = "DEBUG",
        /// What was done
        Info = "INFO",
        /// What may be wrong
        Warn = "WARN",
    }

    /// Whether calls are traced.
    pub enum TracingMode {
        /// They are
        Active = "Active",
        /// If the caller's are
        PassThrough = "PassThrough",
    }
}

impl From<ArchitectureChoice> for Value<Architecture> {
    fn from(choice: ArchitectureChoice) -> Self {
        Self::literal(choice.as_str())
    }
}

/// What a function finds in its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Names and values.
    pub variables: Vec<(&'static str, Value<Text>)>,
}

impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let variables: Map<_, _> =
            self.variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({ "Variables": variables }).serialize(serializer)
    }
}

/// Room for files under `/tmp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EphemeralStorage {
    /// 512 to 32768.
    #[serde(rename = "Size")]
    pub size_mebibytes: u32,
}

/// Where and how a function logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfig {
    /// The log group; `/aws/lambda/` and the function's name where it is not said.
    pub log_group: Option<Value<LogGroupName>>,
    /// How it logs.
    pub log_format: Option<LogFormat>,
    /// The least important of its own entries that is kept.
    pub application_log_level: Option<ApplicationLogLevel>,
    /// The least important of Lambda's entries that is kept.
    pub system_log_level: Option<SystemLogLevel>,
}

/// Where events go that a function failed to handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeadLetterConfig {
    /// The queue for them.
    pub target_arn: Value<QueueArn>,
}

/// Whether calls are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TracingConfig {
    /// Whether they are.
    pub mode: TracingMode,
}
