//! Questions that only AWS answers, for a person who has an account:
//! `S3GUARD_LIVE=1 cargo test --workspace --lib -- live:: --nocapture`, with credentials that may create buckets, topics,
//! queues and a role. Each costs less than a cent, prints what was seen, removes what it made, and fails if AWS does
//! something else than s3guard relies on. Without `S3GUARD_LIVE=1` they do nothing.

#![expect(clippy::print_stdout, reason = "what was seen is for the person who runs it")]

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::env;
use std::error::Error;
use std::hash::BuildHasher as _;
use std::time::Duration;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, BucketCannedAcl, BucketLocationConstraint, CreateBucketConfiguration,
    EncryptionType, Event, NotificationConfiguration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, PublicAccessBlockConfiguration, QueueConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use aws_sdk_sns::types::MessageAttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wait::{self, Pace};
use crate::{Connection, identity};

/// How long AWS may take: IAM's changes, and the filters of SNS, are visible everywhere only after minutes.
const PATIENCE: Duration = Duration::from_mins(5);
/// CloudTrail shows a call after up to fifteen minutes.
const TRAIL_PATIENCE: Duration = Duration::from_mins(20);

type Answer<T> = Result<T, Box<dyn Error>>;

/// What a question has made in the account.
enum Made {
    Bucket(String),
    Topic(String),
    Queue(String),
    Role(String),
}

/// The account.
struct Live {
    connection: Connection,
    s3: aws_sdk_s3::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    iam: aws_sdk_iam::Client,
    account: String,
    /// A unique name for what is made.
    name: String,
    made: RefCell<Vec<Made>>,
}

/// Asks a question, if there is an account, and removes what that made.
async fn ask(question: &str, asked: impl AsyncFnOnce(&Live) -> Answer<String>) {
    if env::var("S3GUARD_LIVE").as_deref() != Ok("1") {
        return;
    }
    let live = Live::open().await.expect("credentials and a Region");
    println!("{question} uses `{}`", live.name);
    let seen = asked(&live).await;
    live.remove().await;
    match seen {
        Ok(fact) => println!("{question} {fact}"),
        Err(error) => panic!("{question} {}", DisplayErrorContext(&*error)),
    }
}

/// AWS's code, if the call was refused.
fn refusal<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> Option<String> {
    let error = answer.err()?;
    Some(error.code().unwrap_or("no code").to_owned())
}

fn fails(what: impl Into<String>) -> Box<dyn Error> {
    what.into().into()
}

impl Live {
    async fn open() -> Answer<Self> {
        let connection = Connection::open(None, None).await?;
        let account = identity::identity(&connection).await?.account.to_string();
        let config = &connection.config;
        let name = format!("s3guard-probe-{:012x}", RandomState::new().hash_one(0) >> 16);
        Ok(Self {
            s3: aws_sdk_s3::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            account,
            name,
            made: RefCell::default(),
            connection,
        })
    }

    /// Polls until there is an answer.
    async fn until<T>(
        &self,
        patience: Duration,
        call: impl AsyncFnMut() -> Answer<Option<T>>,
    ) -> Answer<T> {
        let deadline = Instant::now() + patience;
        let seen = wait::until(Pace::default(), deadline, |_| false, call).await?;
        seen.ok_or_else(|| fails(format!("nothing was seen within {} s", patience.as_secs())))
    }

    async fn bucket(&self) -> Answer<&str> {
        let region = self.connection.region().as_str();
        let place = (region != "us-east-1").then(|| {
            let region = BucketLocationConstraint::from(region);
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        self.made.borrow_mut().push(Made::Bucket(self.name.clone()));
        let call =
            self.s3.create_bucket().bucket(&self.name).set_create_bucket_configuration(place);
        call.send().await?;
        Ok(&self.name)
    }

    /// A queue that a service may send to, and its ARN.
    async fn queue(&self, service: &str) -> Answer<(String, String)> {
        let created = self.sqs.create_queue().queue_name(&self.name).send().await?;
        let url = created.queue_url().unwrap_or_default().to_owned();
        self.made.borrow_mut().push(Made::Queue(url.clone()));
        let region = self.connection.region();
        let arn = format!("arn:aws:sqs:{region}:{}:{}", self.account, self.name);
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sqs:SendMessage",
            "Principal": { "Service": service }, "Resource": arn,
            "Condition": { "StringEquals": { "aws:SourceAccount": self.account } } }] });
        let call = self.sqs.set_queue_attributes().queue_url(&url);
        call.attributes(QueueAttributeName::Policy, policy.to_string()).send().await?;
        Ok((url, arn))
    }

    /// The bodies, and the names of the attributes, of some messages.
    async fn receive(&self, url: &str) -> Answer<Vec<(String, Vec<String>)>> {
        let call = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let answer = call.message_attribute_names("All").wait_time_seconds(5).send().await?;
        let read = answer.messages.unwrap_or_default().into_iter().map(|message| {
            let names = message.message_attributes.unwrap_or_default().into_keys().collect();
            (message.body.unwrap_or_default(), names)
        });
        Ok(read.collect())
    }

    async fn encrypt(&self, rule: ServerSideEncryptionRule) -> Answer<()> {
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
        let call = self.s3.put_bucket_encryption().bucket(&self.name);
        call.server_side_encryption_configuration(rules).send().await?;
        Ok(())
    }

    /// The algorithm, and whether SSE-C is blocked.
    async fn encryption(&self) -> Answer<(Option<ServerSideEncryption>, bool)> {
        let answer = self.s3.get_bucket_encryption().bucket(&self.name).send().await?;
        let rules = answer.server_side_encryption_configuration.map(|all| all.rules);
        let rule = rules.unwrap_or_default().into_iter().next().ok_or_else(|| fails("no rule"))?;
        let default = rule.apply_server_side_encryption_by_default;
        let blocked = rule
            .blocked_encryption_types
            .is_some_and(|types| types.encryption_type().contains(&EncryptionType::from("SSE-C")));
        Ok((default.map(|default| default.sse_algorithm), blocked))
    }

    async fn own(&self, ownership: ObjectOwnership) -> Option<String> {
        let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().ok()?;
        let controls = OwnershipControls::builder().rules(rule).build().ok()?;
        let call = self.s3.put_bucket_ownership_controls().bucket(&self.name);
        refusal(call.ownership_controls(controls).send().await)
    }

    async fn block(&self, policies: bool, ignores_acls: bool) -> Answer<()> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(false)
            .ignore_public_acls(ignores_acls)
            .block_public_policy(policies)
            .restrict_public_buckets(false)
            .build();
        let call = self.s3.put_public_access_block().bucket(&self.name);
        call.public_access_block_configuration(block).send().await?;
        Ok(())
    }

    async fn put_policy(&self, policy: &Value) -> Option<String> {
        let call = self.s3.put_bucket_policy().bucket(&self.name);
        refusal(call.policy(policy.to_string()).send().await)
    }

    async fn remove(&self) {
        for made in self.made.take().into_iter().rev() {
            if let Err(error) = self.remove_one(&made).await {
                println!("not removed, remove it by hand: {error}");
            }
        }
    }

    async fn remove_one(&self, made: &Made) -> Answer<()> {
        let named = |name: &str, error: &dyn Error| {
            fails(format!("`{name}`: {}", DisplayErrorContext(error)))
        };
        match made {
            Made::Bucket(name) => {
                let objects = self.s3.list_objects_v2().bucket(name).send().await?;
                for key in objects.contents().iter().filter_map(|object| object.key()) {
                    self.s3.delete_object().bucket(name).key(key).send().await?;
                }
                let deleted = self.s3.delete_bucket().bucket(name).send().await;
                deleted.map(drop).map_err(|error| named(name, &error))
            }
            Made::Topic(arn) => {
                let deleted = self.sns.delete_topic().topic_arn(arn).send().await;
                deleted.map(drop).map_err(|error| named(arn, &error))
            }
            Made::Queue(url) => {
                let deleted = self.sqs.delete_queue().queue_url(url).send().await;
                deleted.map(drop).map_err(|error| named(url, &error))
            }
            Made::Role(name) => {
                let deleted = self.iam.delete_role().role_name(name).send().await;
                deleted.map(drop).map_err(|error| named(name, &error))
            }
        }
    }
}

fn kms_default() -> ServerSideEncryptionRule {
    let default =
        ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
    let default = default.build().expect("it has an algorithm");
    ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(true)
        .build()
}

/// A rule that only blocks SSE-C.
fn only_blocks() -> ServerSideEncryptionRule {
    let blocked =
        BlockedEncryptionTypes::builder().encryption_type(EncryptionType::from("SSE-C")).build();
    ServerSideEncryptionRule::builder().blocked_encryption_types(blocked).build()
}

fn kept(is_kept: bool) -> &'static str {
    if is_kept { "keeps" } else { "removes" }
}

#[tokio::test]
async fn filters_match_the_attributes_of_plain_messages() {
    ask("U1: attributes of SNS.", async |live| {
        let (url, arn) = live.queue("sns.amazonaws.com").await?;
        let topic = live.sns.create_topic().name(&live.name).send().await?;
        let topic = topic.topic_arn().unwrap_or_default().to_owned();
        live.made.borrow_mut().push(Made::Topic(topic.clone()));
        let call = live.sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(arn);
        let call = call.attributes("RawMessageDelivery", "true");
        call.attributes("FilterPolicy", r#"{"kind":["bucket"]}"#).send().await?;
        let kind = MessageAttributeValue::builder().data_type("String").string_value("bucket");
        let kind = kind.build()?;
        let publish = async |structure: Option<&str>, message: &str| {
            let call = live.sns.publish().topic_arn(&topic).message(message);
            let call = call.message_attributes("kind", kind.clone());
            call.set_message_structure(structure.map(str::to_owned)).send().await
        };
        publish(Some("json"), r#"{"default":"json"}"#).await?;
        publish(None, "plain").await?;
        let mut json = "not delivered to a filtered subscription";
        live.until(PATIENCE, async || {
            let received = live.receive(&url).await?;
            for (_, names) in received.iter().filter(|(body, _)| body == "json") {
                json = if names.is_empty() { "delivered without attributes" } else { "delivered with attributes" };
            }
            let plain = received.iter().find(|(body, _)| body == "plain");
            let Some((_, names)) = plain else { return Ok(None) };
            if names.iter().any(|name| name == "kind") {
                return Ok(Some(()));
            }
            Err(fails("a plain message has no attributes"))
        })
        .await?;
        Ok(format!("A plain message arrives with its attributes; one with MessageStructure json was {json} before it."))
    })
    .await;
}

#[tokio::test]
async fn a_rule_without_a_default_has_an_effect_that_is_known() {
    ask("W9: a rule that only blocks SSE-C.", async |live| {
        live.bucket().await?;
        live.encrypt(kms_default()).await?;
        live.encrypt(only_blocks()).await?;
        let (algorithm, is_blocked) = live.encryption().await?;
        let is_kept = algorithm == Some(ServerSideEncryption::AwsKms);
        if !is_blocked {
            return Err(fails("SSE-C is not blocked afterwards"));
        }
        Ok(format!("It {} the KMS default; S3 shows {algorithm:?}.", kept(is_kept)))
    })
    .await;
}

#[tokio::test]
async fn the_block_on_sse_c_after_the_deletion_of_the_default() {
    ask("U5: DeleteBucketEncryption.", async |live| {
        live.bucket().await?;
        live.encrypt(only_blocks()).await?;
        live.s3.delete_bucket_encryption().bucket(&live.name).send().await?;
        let (algorithm, is_blocked) = live.encryption().await?;
        Ok(format!("It {} the block on SSE-C; S3 shows {algorithm:?}.", kept(is_blocked)))
    })
    .await;
}

#[tokio::test]
async fn an_acl_that_the_block_hides_keeps_acls_from_being_disabled() {
    ask("W4: ACLs that the block hides.", async |live| {
        live.bucket().await?;
        live.block(false, false).await?;
        if let Some(code) = live.own(ObjectOwnership::ObjectWriter).await {
            return Err(fails(format!("ObjectWriter is refused: {code}")));
        }
        let call = live.s3.put_bucket_acl().bucket(&live.name).acl(BucketCannedAcl::PublicRead);
        call.send().await?;
        live.block(false, true).await?;
        let acl = live.s3.get_bucket_acl().bucket(&live.name).send().await?;
        let groups = acl.grants().iter().filter_map(|grant| grant.grantee()?.uri()).count();
        match live.own(ObjectOwnership::BucketOwnerEnforced).await.as_deref() {
            Some("InvalidBucketAclWithObjectOwnership") => Ok(format!(
                "GetBucketAcl shows {groups} groups, and BucketOwnerEnforced is refused."
            )),
            Some(code) => {
                Err(fails(format!("BucketOwnerEnforced is refused with another code: {code}")))
            }
            None => Ok(format!(
                "GetBucketAcl shows {groups} groups, and BucketOwnerEnforced is accepted."
            )),
        }
    })
    .await;
}

#[tokio::test]
async fn a_public_policy_is_refused_with_a_tls_statement_too() {
    ask("W2: a public policy under the block.", async |live| {
        let bucket = live.bucket().await?;
        let arn = format!("arn:aws:s3:::{bucket}");
        let public = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("{arn}/*") });
        let tls = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
        live.block(false, false).await?;
        let alone = json!({ "Version": "2012-10-17", "Statement": [public] });
        if let Some(code) = live.put_policy(&alone).await {
            return Err(fails(format!("a public policy is refused without a block: {code}")));
        }
        live.block(true, false).await?;
        let both = json!({ "Version": "2012-10-17", "Statement": [public, tls] });
        match live.put_policy(&both).await {
            Some(code) => Ok(format!("It is refused: {code}.")),
            None => Err(fails("it is accepted: a TLS statement could be added to a public policy")),
        }
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_names_a_deleted_role_is_refused() {
    ask("B1: deleted principals.", async |live| {
        let bucket = live.bucket().await?;
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": live.account } }] });
        let call = live.iam.create_role().role_name(&live.name);
        let created = call.assume_role_policy_document(trust.to_string()).send().await?;
        live.made.borrow_mut().push(Made::Role(live.name.clone()));
        let role = created.role().map(|role| role.arn().to_owned()).unwrap_or_default();
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": role },
            "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*") }] });
        // S3 knows a new role after some seconds.
        live.until(PATIENCE, async || Ok(live.put_policy(&policy).await.is_none().then_some(()))).await?;
        let role = live.made.borrow_mut().pop();
        if let Some(role) = &role {
            live.remove_one(role).await?;
        }
        let shown = live
            .until(PATIENCE, async || {
                let answer = live.s3.get_bucket_policy().bucket(bucket).send().await?;
                Ok(answer.policy().filter(|text| text.contains("AROA")).map(str::to_owned))
            })
            .await?;
        match live.put_policy(&serde_json::from_str(&shown)?).await.as_deref() {
            Some("MalformedPolicy") => Ok("S3 shows AROA…, and refuses the text with MalformedPolicy.".to_owned()),
            Some(code) => Err(fails(format!("S3 refuses the text with another code: {code}"))),
            None => Err(fails("S3 accepts the text again")),
        }
    })
    .await;
}

#[tokio::test]
async fn later_events_of_a_key_have_larger_sequencers() {
    ask("W1: sequencers.", async |live| {
        let bucket = live.bucket().await?;
        let (url, arn) = live.queue("s3.amazonaws.com").await?;
        let queue = QueueConfiguration::builder().queue_arn(arn).events(Event::S3ObjectCreated);
        let wanted = NotificationConfiguration::builder().queue_configurations(queue.build()?);
        let put = live.s3.put_bucket_notification_configuration().bucket(bucket);
        put.notification_configuration(wanted.build()).send().await?;
        for text in ["1", "22", "333"] {
            let body = ByteStream::from_static(text.as_bytes());
            live.s3.put_object().bucket(bucket).key("a").body(body).send().await?;
        }
        let mut seen: Vec<(i64, String)> = Vec::new();
        live.until(PATIENCE, async || {
            for (body, _) in live.receive(&url).await? {
                let event: Value = serde_json::from_str(&body)?;
                let objects = event["Records"].as_array().into_iter().flatten();
                seen.extend(objects.filter_map(|one| {
                    let object = &one["s3"]["object"];
                    Some((object["size"].as_i64()?, object["sequencer"].as_str()?.to_owned()))
                }));
            }
            seen.sort();
            seen.dedup();
            Ok((seen.len() == 3).then_some(()))
        })
        .await?;
        let longest = seen.iter().map(|(_, sequencer)| sequencer.len()).max().unwrap_or_default();
        let padded = |sequencer: &String| format!("{sequencer:0>longest$}");
        let sequencers: Vec<String> = seen.iter().map(|(_, sequencer)| padded(sequencer)).collect();
        if !sequencers.is_sorted() {
            return Err(fails(format!("left-padded, they are not in order: {seen:?}")));
        }
        Ok(format!("Left-padded, they are in order: {seen:?}"))
    })
    .await;
}

#[tokio::test]
async fn cloudtrail_names_calls_as_the_watch_table_does() {
    ask("U4: CloudTrail's names.", async |live| {
        let bucket = live.bucket().await?;
        live.own(ObjectOwnership::BucketOwnerPreferred).await;
        live.block(true, true).await?;
        live.encrypt(only_blocks()).await?;
        live.s3.delete_bucket_encryption().bucket(bucket).send().await?;
        let trail = aws_sdk_cloudtrail::Client::new(&live.connection.config);
        let expected = [
            "CreateBucket",
            "DeleteBucketEncryption",
            "PutBucketEncryption",
            "PutBucketOwnershipControls",
            "PutBucketPublicAccessBlock",
        ];
        let names = live
            .until(TRAIL_PATIENCE, async || {
                let wanted = aws_sdk_cloudtrail::types::LookupAttribute::builder()
                    .attribute_key(aws_sdk_cloudtrail::types::LookupAttributeKey::ResourceName)
                    .attribute_value(bucket)
                    .build()?;
                let answer = trail.lookup_events().lookup_attributes(wanted).send().await?;
                let events = answer.events().iter();
                let mut names: Vec<String> =
                    events.filter_map(|event| event.event_name().map(str::to_owned)).collect();
                names.sort();
                names.dedup();
                Ok((names.len() >= expected.len()).then_some(names))
            })
            .await?;
        let missing: Vec<&str> =
            expected.into_iter().filter(|name| !names.iter().any(|seen| seen == name)).collect();
        if missing.is_empty() {
            return Ok(format!("It names them {}.", names.join(", ")));
        }
        Err(fails(format!("It does not name {}, but {}", missing.join(", "), names.join(", "))))
    })
    .await;
}
