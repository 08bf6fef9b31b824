//! A fake AWS, for responses that the emulated account gives late or never: failures, foreign resources, timeouts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The id of the stack in every response.
pub(super) const STACK_ID: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1";

/// A CloudFormation, S3, SQS and STS on loopback, for one command.
pub(crate) struct Aws {
    pub(super) url: String,
    calls: Arc<Mutex<Vec<Request>>>,
}

/// A call as it was made.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The name of the call; the HTTP method for services whose requests have no name, such as S3 and Lambda.
    pub(super) call: String,
    /// The path with its query.
    pub(super) path: String,
    /// The parameters: a form, JSON or XML, depending on the service.
    pub(super) body: String,
    /// The Region that the call is signed for.
    region: String,
    /// The access key that the call is signed with.
    pub(super) key: String,
}

/// The stack's key.
pub(super) const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// The status and the body of a response.
pub(super) type Answer = (u16, String);

/// Replaces the response to a call, given the number of earlier calls of the same name.
type Otherwise = dyn Fn(&Request, usize) -> Option<Answer> + Send + Sync;

/// The scenario of the one stack: its status, and the results of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// The stack's status before the first call; `None` if there is no stack.
    pub(super) before: Option<&'static str>,
    /// Why the creation of the change set fails; `None` if it succeeds.
    pub(super) refusal: Option<&'static str>,
    /// The stack's status after the change set is executed.
    pub(super) after: &'static str,
    /// Whether SQS accepts messages.
    pub(super) queue_is_open: bool,
    /// The `Date` header of the responses; `None` for none.
    pub(super) date: Option<String>,
}

impl Aws {
    /// An AWS with this scenario.
    pub(crate) fn new(story: Story) -> Self {
        Self::answering(story, |_, _| None)
    }

    /// An AWS with this scenario, except for the calls that `otherwise` answers. It is given the call and the number of
    /// earlier calls of the same name.
    pub(super) fn answering(
        story: Story,
        otherwise: impl Fn(&Request, usize) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let otherwise: Arc<Otherwise> = Arc::new(otherwise);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&calls);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (story, received) = (story.clone(), Arc::clone(&received));
                let otherwise = Arc::clone(&otherwise);
                thread::spawn(move || serve(&stream.unwrap(), &story, &*otherwise, &received));
            }
        });
        Self { url, calls }
    }

    /// How often a call was made.
    pub(super) fn count(&self, call: &str) -> usize {
        self.made(call).len()
    }

    /// All calls, in their order.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.calls.lock().unwrap().clone()
    }

    /// The names of all calls, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        self.requests().into_iter().map(|made| made.call).collect()
    }

    /// Every such call.
    pub(super) fn made(&self, call: &str) -> Vec<Request> {
        self.calls.lock().unwrap().iter().filter(|made| made.call == call).cloned().collect()
    }
}

/// Answers one request and closes the connection. The command may disconnect at any time.
fn serve(
    mut stream: &TcpStream,
    story: &Story,
    otherwise: &Otherwise,
    calls: &Mutex<Vec<Request>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    let header = |name: &str| {
        let found = head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let parameter = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let call = match (parameter, header("x-amz-target")) {
        (Some(action), _) => action.to_owned(),
        (None, target) if !target.is_empty() => target.rsplit('.').next()?.to_owned(),
        (None, _) => head.split(' ').next()?.to_owned(),
    };
    let path = head.split(' ').nth(1)?.to_owned();
    let signature = header("authorization");
    let region = signature.split('/').nth(2).unwrap_or_default().to_owned();
    let key = signature.split("Credential=").nth(1).and_then(|rest| rest.split('/').next());
    let key = key.unwrap_or_default().to_owned();
    let request = Request { call, path, body, region, key };
    let made: Vec<Request> = {
        let mut calls = calls.lock().unwrap();
        calls.push(request.clone());
        calls.clone()
    };
    let before = made.iter().filter(|made| made.call == request.call).count() - 1;
    let (status, mut answer) =
        otherwise(&request, before).unwrap_or_else(|| answer(&request, story, &made));
    if request.call == "DescribeChangeSet" && !answer.contains("<Parameters>") {
        let end = "</DescribeChangeSetResult>";
        answer = answer.replace(end, &format!("{}{end}", parameters(&request, &made)));
    }
    let length = answer.len();
    let date = story.date.as_ref().map(|date| format!("date: {date}\r\n")).unwrap_or_default();
    // Every bucket keeps versions.
    let version = if request.call == "PUT" { "x-amz-version-id: v1\r\n" } else { "" };
    // The objects of the ledger are encrypted with the stack's key.
    let encryption = if request.call == "GET" {
        format!(
            "x-amz-server-side-encryption: aws:kms\r\nx-amz-server-side-encryption-aws-kms-key-id: {KEY}\r\n"
        )
    } else {
        String::new()
    };
    write!(
        stream,
        "HTTP/1.1 {status} x\r\n{date}{version}{encryption}content-length: {length}\r\nconnection: close\r\n\r\n{answer}"
    )
    .ok()
}

/// The parameters of a change set: those that it was created with, or those of an earlier run.
fn parameters(request: &Request, made: &[Request]) -> String {
    let of_region = |one: &&Request| one.call == "CreateChangeSet" && one.region == request.region;
    let created = made.iter().rev().find(of_region);
    let sent = |name: &str| -> Option<String> {
        let pairs: Vec<(&str, &str)> =
            created?.body.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let (key, _) = pairs.iter().find(|(_, value)| *value == name)?;
        let key = key.replace("ParameterKey", "ParameterValue");
        let (_, value) = pairs.iter().find(|(known, _)| **known == key)?;
        Some(value.replace("%2F", "/"))
    };
    let earlier = [("CodeBucket", "code"), ("CodeKey", "s3guard/x.zip"), ("CodeVersion", "v")];
    let members = earlier.map(|(name, earlier)| {
        let value = sent(name).unwrap_or_else(|| earlier.to_owned());
        format!(
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
        )
    });
    format!("<Parameters>{}</Parameters>", members.concat())
}

/// The template that the Region's last change set was created with.
fn uploaded(request: &Request, made: &[Request]) -> String {
    let is_it = |one: &&Request| {
        one.call == "PUT" && one.region == request.region && one.path.contains("template-")
    };
    let body = made.iter().rev().find(is_it).map_or("{}", |put| put.body.as_str());
    let template = &body[body.find('{').unwrap_or(0)..=body.rfind('}').unwrap_or(0)];
    let escaped = template.replace('&', "&amp;").replace('<', "&lt;");
    format!("<TemplateBody>{escaped}</TemplateBody>")
}

/// S3's response about an empty bucket of an earlier installation.
fn read(path: &str) -> Answer {
    let body = match path {
        path if path.contains("policy") => {
            return (404, "<Error><Code>NoSuchBucketPolicy</Code></Error>".to_owned());
        }
        path if path.contains("encryption") => {
            let code = "ServerSideEncryptionConfigurationNotFoundError";
            return (404, format!("<Error><Code>{code}</Code></Error>"));
        }
        path if path.contains("ownershipControls") => {
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
        }
        path if path.contains("list-type=2") => "<ListBucketResult/>",
        path if path.contains("max-buckets") => "<ListAllMyBucketsResult/>",
        _ => "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    };
    (200, body.to_owned())
}

/// The response to a call after these calls.
fn answer(request: &Request, story: &Story, made: &[Request]) -> Answer {
    let call = request.call.as_str();
    let was = |call: &str| made.iter().any(|made| made.call == call);
    let status = if was("ExecuteChangeSet") {
        Some(story.after)
    } else if was("CreateChangeSet") && story.before.is_none() {
        Some("REVIEW_IN_PROGRESS")
    } else {
        story.before
    };
    let result = match call {
        "GetCallerIdentity" => "<Arn>arn:aws:iam::111122223333:user/u</Arn><UserId>U</UserId>\
             <Account>111122223333</Account>"
            .to_owned(),
        "DescribeStacks" => match status {
            Some(status) => format!("<Stacks><member>{}</member></Stacks>", stack(status)),
            None => return refusal(400, "ValidationError", "Stack with id s does not exist"),
        },
        "DescribeStackEvents" if was("ExecuteChangeSet") => format!(
            "<StackEvents><member><EventId>1</EventId><StackId>{STACK_ID}</StackId><StackName>s</StackName>\
             <LogicalResourceId>s</LogicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType>\
             <Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>{}</ResourceStatus></member></StackEvents>",
            story.after
        ),
        "CreateChangeSet" => format!("<Id>set</Id><StackId>{STACK_ID}</StackId>"),
        "DescribeChangeSet" => match story.refusal {
            Some(reason) => format!("<Status>FAILED</Status><StatusReason>{reason}</StatusReason>"),
            None => "<Status>CREATE_COMPLETE</Status>".to_owned(),
        },
        "SendMessage" if story.queue_is_open => return (200, r#"{"MessageId":"1"}"#.to_owned()),
        "SendMessage" => {
            let body = r#"{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}"#;
            return (403, body.to_owned());
        }
        "GetTemplate" if request.body.contains("ChangeSetName") => uploaded(request, made),
        "GET" => return read(&request.path),
        "HEAD" => return (404, String::new()),
        _ => String::new(),
    };
    answered(call, &result)
}

fn stack(status: &str) -> String {
    let outputs = "<Outputs><member><OutputKey>GuardQueueUrl</OutputKey>\
                   <OutputValue>https://queue.example/q</OutputValue></member>\
                   <member><OutputKey>EmailTopicArn</OutputKey>\
                   <OutputValue>arn:aws:sns:eu-west-1:111122223333:t</OutputValue></member></Outputs>";
    // A stack in review has no outputs.
    let outputs = if status == "REVIEW_IN_PROGRESS" { "" } else { outputs };
    format!(
        "<StackId>{STACK_ID}</StackId><StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
         <StackStatus>{status}</StackStatus>{outputs}"
    )
}

/// CloudFormation's response to a call.
pub(super) fn answered(call: &str, result: &str) -> Answer {
    (200, format!("<{call}Response><{call}Result>{result}</{call}Result></{call}Response>"))
}

/// The guard's stack in this status, as `DescribeStacks` returns it.
pub(super) fn guard(status: &str) -> Answer {
    let parameters = ["CodeBucket", "CodeKey", "BucketPrefix"].map(|name| {
        format!(
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>x</ParameterValue></member>"
        )
    });
    let parameters = format!("<Parameters>{}</Parameters>", parameters.concat());
    let stack = format!("<Stacks><member>{}{parameters}</member></Stacks>", stack(status));
    answered("DescribeStacks", &stack)
}

/// An event: the resource (`s` for the stack itself), its status, and the reason.
pub(super) type Happened = (&'static str, &'static str, &'static str);

/// The events, oldest first, as `DescribeStackEvents` returns them.
pub(super) fn events(happened: &[Happened]) -> Answer {
    let members: Vec<String> = happened.iter().enumerate().rev().map(event).collect();
    answered("DescribeStackEvents", &format!("<StackEvents>{}</StackEvents>", members.concat()))
}

fn event((index, (id, status, reason)): (usize, &Happened)) -> String {
    let kind = if *id == "s" { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" };
    format!(
        "<member><EventId>{index}</EventId><StackId>{STACK_ID}</StackId><StackName>s</StackName>\
         <LogicalResourceId>{id}</LogicalResourceId><ResourceType>{kind}</ResourceType>\
         <Timestamp>2026-01-01T00:00:{index:02}Z</Timestamp><ResourceStatus>{status}</ResourceStatus>\
         <ResourceStatusReason>{reason}</ResourceStatusReason></member>"
    )
}

/// An error of the services with the query protocol: CloudFormation, STS, IAM and CloudWatch.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    (status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}
