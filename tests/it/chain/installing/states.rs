//! States in which buckets of an account are when the guard is installed: of a trial as a new user, and of public reports.

use s3guard_emulator::{Account, Client};
use serde_json::{Value, json};

use crate::chain::guarded::switch_acls_off;

/// An account that does not know the guard yet.
pub(super) struct Ground {
    pub(super) account: Account,
    pub(super) root: Client,
    /// A key of the account.
    pub(super) key: String,
    /// The role that replicates objects.
    pub(super) copier: String,
}

/// A bucket in its state.
pub(super) struct State {
    /// Its name, without the account's number.
    pub(super) name: &'static str,
    /// Brings a new bucket into the state.
    pub(super) make: fn(&Ground, &str),
}

const fn state(name: &'static str, make: fn(&Ground, &str)) -> State {
    State { name, make }
}

/// All of them.
pub(super) const STATES: &[State] = &[
    state("plain", |_, _| {}),
    state("public-policy", |ground, bucket| {
        ground.open(bucket);
        ground.policy(bucket, &json!([everyone_reads(bucket)]));
    }),
    state("website", |ground, bucket| {
        ground.open(bucket);
        ground.policy(bucket, &json!([everyone_reads(bucket)]));
        ground.put(bucket, "website", SITE);
    }),
    state("website-of-its-own", |ground, bucket| ground.put(bucket, "website", SITE)),
    state("before-2023", |ground, bucket| ground.account.make_legacy(bucket).unwrap()),
    state("before-2023-public", |ground, bucket| {
        ground.account.make_legacy(bucket).unwrap();
        ground.root.put_acl(bucket, "public-read").unwrap();
        ground.policy(bucket, &json!([everyone_reads(bucket)]));
    }),
    state("public-acl", |ground, bucket| {
        ground.with_acls(bucket, "ObjectWriter");
        ground.root.put_acl(bucket, "public-read-write").unwrap();
    }),
    state("public-objects", |ground, bucket| {
        ground.with_acls(bucket, "BucketOwnerPreferred");
        let public = ground.root.with_header("x-amz-acl", "public-read");
        public.put_object(bucket, "kept", b"1").unwrap();
    }),
    state("hidden-acl", |ground, bucket| {
        ground.with_acls(bucket, "ObjectWriter");
        ground.root.put_acl(bucket, "public-read").unwrap();
        ground.root.put_public_access_block(bucket, true).unwrap();
    }),
    state("half-blocked", |ground, bucket| {
        let half =
            "<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>";
        ground.put(bucket, "publicAccessBlock", &block(half));
    }),
    state("logs-by-policy", |ground, bucket| {
        let source = json!({ "StringEquals": { "aws:SourceAccount": ground.account.number() } });
        ground.policy(
            bucket,
            &json!([{ "Sid": "Logs", "Effect": "Allow", "Action": "s3:PutObject",
            "Principal": { "Service": "logging.s3.amazonaws.com" }, "Resource": objects(bucket),
            "Condition": source }]),
        );
    }),
    state("logs-by-acl", |ground, bucket| {
        ground.with_acls(bucket, "ObjectWriter");
        ground.root.put_acl(bucket, "log-delivery-write").unwrap();
    }),
    state("logged", |ground, bucket| {
        ground.put(bucket, "logging", &format!("<BucketLoggingStatus xmlns=\"{XMLNS}\"><LoggingEnabled>\
            <TargetBucket>{bucket}</TargetBucket><TargetPrefix>own/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"));
    }),
    state("customer-key", |ground, bucket| {
        ground.encrypt(bucket, &ground.with_key("aws:kms"), "");
    }),
    state("bucket-key", |ground, bucket| {
        let more = "<BucketKeyEnabled>true</BucketKeyEnabled>";
        ground.encrypt(bucket, &ground.with_key("aws:kms"), more);
    }),
    state("two-layers", |ground, bucket| {
        ground.encrypt(bucket, &ground.with_key("aws:kms:dsse"), "");
    }),
    state("managed-key", |ground, bucket| {
        ground.encrypt(bucket, "<SSEAlgorithm>aws:kms</SSEAlgorithm>", "");
    }),
    state("sse-c-open", |ground, bucket| {
        ground.encrypt(bucket, "<SSEAlgorithm>AES256</SSEAlgorithm>", SSE_C_OPEN);
    }),
    state("sse-c-demanded", |ground, bucket| {
        ground.encrypt(bucket, "<SSEAlgorithm>AES256</SSEAlgorithm>", SSE_C_OPEN);
        let without =
            json!({ "Null": { "s3:x-amz-server-side-encryption-customer-algorithm": "true" } });
        let demand = deny(bucket, "s3:PutObject", &without);
        ground.policy(bucket, &json!([demand, tls(bucket, "false")]));
    }),
    state("header-demanded", |ground, bucket| {
        let other = json!({ "StringNotEquals": { "s3:x-amz-server-side-encryption": "AES256" } });
        ground.policy(bucket, &json!([deny(bucket, "s3:PutObject", &other)]));
    }),
    state("notifies", |ground, bucket| {
        let arn = ground.queue(bucket);
        ground.root.put_notification(bucket, &queue_configuration(&arn)).unwrap();
    }),
    state("notifies-all", |ground, bucket| {
        let arn = ground.queue(bucket);
        let both = format!("{}<EventBridgeConfiguration/>", queue_configuration(&arn));
        ground.root.put_notification(bucket, &both).unwrap();
    }),
    state("long-policy", |ground, bucket| {
        let one = |number: usize| {
            json!({ "Sid": format!("Reader{number:03}"), "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Principal": { "AWS": ground.account.number() },
            "Resource": format!("arn:aws:s3:::{bucket}/team-{number:03}/*") })
        };
        let mut statements: Vec<Value> = Vec::new();
        while policy_text(&json!(statements)).len() < LONG {
            statements.push(one(statements.len()));
        }
        ground.policy(bucket, &json!(statements));
    }),
    state("locked-objects", |ground, bucket| {
        ground.versions(bucket, "Enabled");
        ground.put(bucket, "object-lock", &format!(
            "<ObjectLockConfiguration xmlns=\"{XMLNS}\"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"));
    }),
    state("copied-to", |ground, bucket| ground.versions(bucket, "Enabled")),
    state("copied-from", |ground, bucket| {
        let target = format!("copied-to-{}", ground.account.number());
        ground.replicate(bucket, &format!("<Bucket>arn:aws:s3:::{target}</Bucket>"));
    }),
    state("copied-out", |ground, bucket| {
        let theirs = "<Bucket>arn:aws:s3:::collector-of-444455556666</Bucket><Account>444455556666</Account>";
        ground.replicate(bucket, theirs);
    }),
    state("suspended", |ground, bucket| {
        ground.versions(bucket, "Enabled");
        ground.versions(bucket, "Suspended");
    }),
    state("mfa-delete", |ground, bucket| {
        let device =
            ground.root.with_header("x-amz-mfa", "arn:aws:iam::111122223333:mfa/root 123456");
        let both = "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>";
        let document =
            format!("<VersioningConfiguration xmlns=\"{XMLNS}\">{both}</VersioningConfiguration>");
        device.put_bucket_setting(bucket, "versioning", &document).unwrap();
    }),
    state("versions-expire", |ground, bucket| {
        ground.versions(bucket, "Enabled");
        let rule = "<Rule><ID>soon</ID><Filter/><Status>Enabled</Status><NoncurrentVersionExpiration>\
            <NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>";
        let document =
            format!("<LifecycleConfiguration xmlns=\"{XMLNS}\">{rule}</LifecycleConfiguration>");
        ground.put(bucket, "lifecycle", &document);
    }),
    state("tls-only", |ground, bucket| ground.policy(bucket, &json!([tls(bucket, "false")]))),
    state("tls-void", |ground, bucket| {
        let two = json!({ "Bool": { "aws:SecureTransport": "false" }, "NumericLessThan": { "s3:TlsVersion": "1.2" } });
        ground.policy(bucket, &json!([deny(bucket, "s3:*", &two)]));
    }),
    state("tls-inverted", |ground, bucket| {
        let inverted = json!({ "Bool": { "aws:SecureTransport": "true" } });
        ground.policy(bucket, &json!([deny(bucket, "s3:GetObject", &inverted)]));
    }),
    state("tls-impossible", |ground, bucket| {
        let none = json!({ "NumericLessThan": { "s3:TlsVersion": "1.4" } });
        ground.policy(bucket, &json!([deny(bucket, "s3:*", &none)]));
    }),
    state("deleted-principal", |ground, bucket| {
        let gone = ground.role_that_is_deleted(|role| {
            let reads = json!({ "Sid": "Readers", "Effect": "Allow", "Action": "s3:GetObject",
                "Principal": { "AWS": [role, ground.account.number()] }, "Resource": objects(bucket) });
            ground.policy(bucket, &json!([reads]));
        });
        let kept = ground.root.bucket_setting(bucket, "policy").unwrap();
        assert!(kept.contains("AROA") && !kept.contains(&gone), "{kept}");
    }),
    state("organization", |ground, bucket| {
        ground.open(bucket);
        let ours = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } });
        let mut reads = everyone_reads(bucket);
        reads["Condition"] = ours;
        ground.policy(bucket, &json!([reads, tls(bucket, "false")]));
    }),
    state("broad-addresses", |ground, bucket| {
        ground.open(bucket);
        let mut reads = everyone_reads(bucket);
        reads["Condition"] =
            json!({ "IpAddress": { "aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"] } });
        ground.policy(bucket, &json!([reads]));
    }),
    state("cloudfront", |ground, bucket| {
        let number = ground.account.number();
        let origin =
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE1AB2C";
        let distribution = format!("arn:aws:cloudfront::{number}:distribution/E1EXAMPLE");
        ground.policy(bucket, &json!([
            { "Sid": "Identity", "Effect": "Allow", "Action": "s3:GetObject", "Principal": { "AWS": origin },
                "Resource": objects(bucket) },
            { "Sid": "Control", "Effect": "Allow", "Action": "s3:GetObject",
                "Principal": { "Service": "cloudfront.amazonaws.com" }, "Resource": objects(bucket),
                "Condition": { "StringEquals": { "aws:SourceArn": distribution } } },
        ]));
    }),
    state("canonical-user", |ground, bucket| {
        let partner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
        ground.policy(
            bucket,
            &json!([{ "Sid": "Partner", "Effect": "Allow", "Action": "s3:*",
            "Principal": { "CanonicalUser": partner }, "Resource": both(bucket) }]),
        );
    }),
    state("other-account", |ground, bucket| {
        ground.policy(
            bucket,
            &json!([{ "Sid": "Partner", "Effect": "Allow", "Action": "s3:GetObject",
            "Principal": { "AWS": "444455556666" }, "Resource": objects(bucket) }]),
        );
    }),
    state("requester-pays", |ground, bucket| {
        ground.put(bucket, "requestPayment", &format!(
            "<RequestPaymentConfiguration xmlns=\"{XMLNS}\"><Payer>Requester</Payer></RequestPaymentConfiguration>"));
        ground.put(bucket, "cors", &format!("<CORSConfiguration xmlns=\"{XMLNS}\"><CORSRule>\
            <AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"));
        ground.put(bucket, "tagging", &format!(
            "<Tagging xmlns=\"{XMLNS}\"><TagSet><Tag><Key>team</Key><Value>web</Value></Tag></TagSet></Tagging>"));
    }),
    state("aws-controltower-logs", |ground, bucket| {
        ground.account.make_legacy(bucket).unwrap();
    }),
    state("acls-off-late", |ground, bucket| {
        ground.account.make_legacy(bucket).unwrap();
        switch_acls_off(&ground.root, bucket);
    }),
    // These deny the guard itself.
    state("not-principal", |ground, bucket| {
        let one = format!("arn:aws:iam::{0}:root", ground.account.number());
        ground.policy(bucket, &json!([{ "Sid": "Protect", "Effect": "Deny", "NotPrincipal": { "AWS": one },
            "Action": ["s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock"], "Resource": format!("arn:aws:s3:::{bucket}") }]));
    }),
    state("vpc-only", |ground, bucket| {
        let ours = format!("arn:aws:iam::{}:role/reader", ground.account.number());
        let elsewhere = json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-0123456789abcdef0" },
            "ArnNotLike": { "aws:PrincipalArn": ours } });
        ground.policy(bucket, &json!([deny(bucket, "s3:*", &elsewhere)]));
    }),
];

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const SITE: &str = "<WebsiteConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <IndexDocument><Suffix>kept</Suffix></IndexDocument></WebsiteConfiguration>";
const SSE_C_OPEN: &str =
    "<BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes>";
/// Near the 20,480 bytes that a policy may have.
const LONG: usize = 20_200;

fn objects(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}/*")
}

fn both(bucket: &str) -> [String; 2] {
    [format!("arn:aws:s3:::{bucket}"), objects(bucket)]
}

fn policy_text(statements: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn everyone_reads(bucket: &str) -> Value {
    json!({ "Sid": "Everyone", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": both(bucket) })
}

fn deny(bucket: &str, action: &str, condition: &Value) -> Value {
    json!({ "Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": both(bucket),
        "Condition": condition })
}

fn tls(bucket: &str, refused: &str) -> Value {
    let condition = json!({ "Bool": { "aws:SecureTransport": refused } });
    json!({ "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": both(bucket),
        "Condition": condition })
}

fn block(inside: &str) -> String {
    format!(
        "<PublicAccessBlockConfiguration xmlns=\"{XMLNS}\">{inside}</PublicAccessBlockConfiguration>"
    )
}

fn queue_configuration(arn: &str) -> String {
    format!(
        "<QueueConfiguration><Id>theirs</Id><Queue>{arn}</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
    )
}

impl Ground {
    fn put(&self, bucket: &str, setting: &str, document: &str) {
        self.root.put_bucket_setting(bucket, setting, document).unwrap();
    }

    fn policy(&self, bucket: &str, statements: &Value) {
        self.put(bucket, "policy", &policy_text(statements));
    }

    fn open(&self, bucket: &str) {
        self.root.delete_public_access_block(bucket).unwrap();
    }

    /// Without a public access block, and with ACLs.
    fn with_acls(&self, bucket: &str, ownership: &str) {
        self.open(bucket);
        let rule = format!("<Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule>");
        let document = format!("<OwnershipControls xmlns=\"{XMLNS}\">{rule}</OwnershipControls>");
        self.put(bucket, "ownershipControls", &document);
    }

    fn with_key(&self, algorithm: &str) -> String {
        let key = &self.key;
        format!("<SSEAlgorithm>{algorithm}</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>")
    }

    fn encrypt(&self, bucket: &str, default: &str, more: &str) {
        let rule = format!(
            "<ApplyServerSideEncryptionByDefault>{default}</ApplyServerSideEncryptionByDefault>{more}"
        );
        self.root.put_encryption(bucket, &rule).unwrap();
    }

    fn versions(&self, bucket: &str, status: &str) {
        let status = format!("<Status>{status}</Status>");
        let document = format!(
            "<VersioningConfiguration xmlns=\"{XMLNS}\">{status}</VersioningConfiguration>"
        );
        self.put(bucket, "versioning", &document);
    }

    fn replicate(&self, bucket: &str, destination: &str) {
        self.versions(bucket, "Enabled");
        let rule = format!(
            "<Role>{}</Role><Rule><ID>copy</ID><Priority>1</Priority><Status>Enabled</Status><Filter/>\
             <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
             <Destination>{destination}</Destination></Rule>",
            self.copier
        );
        let document = format!(
            "<ReplicationConfiguration xmlns=\"{XMLNS}\">{rule}</ReplicationConfiguration>"
        );
        self.put(bucket, "replication", &document);
    }

    /// A queue to which the bucket may send. Returns its ARN.
    fn queue(&self, bucket: &str) -> String {
        let (url, arn) = self.root.create_queue_for(bucket, "arn:aws:s3:::none").unwrap();
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sqs:SendMessage",
            "Principal": { "Service": "s3.amazonaws.com" }, "Resource": arn }] });
        let attributes = json!({ "QueueUrl": url, "Attributes": { "Policy": policy.to_string() } });
        self.root.json("sqs", "SetQueueAttributes", &attributes).unwrap();
        arn
    }

    /// A role that is deleted after it was used. Returns its ARN.
    fn role_that_is_deleted(&self, used: impl FnOnce(&str)) -> String {
        let allow = |action: &str| {
            json!({ "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
        };
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
        let role = self.account.role("former", "/", &trust, &allow("s3:GetObject")).unwrap();
        used(&role);
        for (action, more) in
            [("DeleteRolePolicy", &[("PolicyName", "given")][..]), ("DeleteRole", &[])]
        {
            let given = [&[("Action", action), ("RoleName", "former")], more].concat();
            self.root.query("iam", "2010-05-08", &given).unwrap();
        }
        role
    }
}
