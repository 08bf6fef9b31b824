//! An account with the guard, and the helpers of the tests.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{env, fs};

use s3guard_emulator::{
    Account, Call, Client, Credentials, Depth, Fault, FaultState, Mail, Server, until,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The address that is notified of everything.
pub(super) const OWNER: &str = "owner@example.com";

/// How long a window of notifications is, in seconds: the shortest that can be configured.
const WINDOW_SECONDS: i64 = 10;

/// How often delays are ended: a window of notifications that is not over is queued with a delay again.
const DELAYS_ENDED_EVERY: Duration = Duration::from_secs(1);

/// After how long the first sweep is delivered again: on a busy machine the call that it is held at fails in between, and the
/// visibility timeout is minutes. It is longer than a call with all its attempts.
const RETRIED_AFTER: Duration = Duration::from_secs(20);

/// An account with a stack `guard`.
pub(super) struct Guarded {
    pub(super) account: Account,
    outputs: Value,
    operator: Credentials,
    /// The file with its configuration.
    pub(super) configuration: PathBuf,
    /// How many emails [`Guarded::forget`] has skipped.
    forgotten: Cell<usize>,
}

/// The one server of this process.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().unwrap())
}

/// An empty account.
pub(crate) fn new_account() -> Account {
    server().new_account()
}

/// The packaged Lambda, built once; with the release profile unless `S3GUARD_TEST_PROFILE` names another.
pub(crate) fn package() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bootstrap.zip");
        let profile = env::var("S3GUARD_TEST_PROFILE").unwrap_or_else(|_| "lambda".to_owned());
        let out = file.to_str().unwrap();
        let sbom = file.with_extension("cdx.json");
        let arguments = ["package", "--cargo-profile", &profile, "--out", out, "--sbom"];
        let output = s3guard(&[], &[&arguments[..], &[sbom.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        file
    })
}

/// Runs the command with these additional environment variables.
pub(super) fn s3guard(environment: &[(String, String)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_s3guard"))
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .output()
        .unwrap()
}

/// Creates or updates the stack `guard`. Returns the command's output.
pub(super) fn deploy(account: &Account, arguments: &[&str]) -> Output {
    let package = package().to_str().unwrap();
    let mut all = vec!["deploy", "--stack", "guard", "--package", package, "--output", "json"];
    all.extend(arguments);
    s3guard(&account.env(), &all)
}

/// A file with this configuration, and the shortest window if it has no section about notifications.
pub(super) fn configuration_file(account: &Account, configuration: &str) -> PathBuf {
    // Accounts of another run of the tests have the same numbers.
    let name = format!("s3guard-{}-{}.toml", std::process::id(), account.number());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let configuration = if configuration.contains("[notifications") {
        configuration.to_owned()
    } else {
        format!("{configuration}\n[notifications]\nwindow = \"{WINDOW_SECONDS}s\"\n")
    };
    fs::write(&file, configuration).unwrap();
    file
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Functions and polling of finished tests would slow down the others.
        let _ = self.account.end();
    }
}

impl Guarded {
    /// Deploys the guard into a new account, with a settle time of zero.
    pub(super) fn new(arguments: &[&str]) -> Self {
        Self::of(new_account(), arguments)
    }

    /// Deploys the guard into this account, with a settle time of zero.
    pub(super) fn of(account: Account, arguments: &[&str]) -> Self {
        Self::configured(account, "", arguments)
    }

    /// Deploys the guard with this configuration into this account, with users `operator…` as operators.
    pub(super) fn configured(account: Account, configuration: &str, arguments: &[&str]) -> Self {
        let operators = format!("arn:aws:iam::{}:user/operator*", account.number());
        let configuration = configuration_file(&account, configuration);
        let mut all = vec!["--email", OWNER, "--operator", &operators];
        all.extend(["--config", configuration.to_str().unwrap()]);
        all.extend(arguments);
        if !all.contains(&"--settle-seconds") {
            all.extend(["--settle-seconds", "0"]);
        }
        // The first sweep does not go on before the subscriptions are confirmed: a later one would report all of it again.
        let action = "sns:ListSubscriptionsByTopic";
        let hold = Fault { role: "*Guard*".to_owned(), times: 1_000, ..Fault::hold(action) };
        let hold = account.add_fault(&hold).unwrap();
        let output = deploy(&account, &all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer = crate::json::read("deploy", &output.stdout);
        let confirmed = account.confirm_mail(OWNER).unwrap();
        assert_eq!(confirmed, 2, "to notifications and to alarms");
        account.release_fault(hold.number).unwrap();
        let outputs = answer["regions"][0]["outputs"].clone();
        let everything = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
        });
        let operator = account.user("operator", &everything).unwrap();
        let forgotten = Cell::new(0);
        let guarded = Self { account, outputs, operator, configuration, forgotten };
        guarded.rest_from(Some(RETRIED_AFTER));
        guarded
    }

    /// Deploys the guard again, with its configuration. Returns the command's output.
    pub(super) fn deploy(&self, arguments: &[&str]) -> Output {
        let configuration = ["--config", self.configuration.to_str().unwrap()];
        deploy(&self.account, &[&configuration[..], arguments].concat())
    }

    /// Deploys the guard again after its stack was deleted, over what was retained.
    pub(super) fn install_again(&mut self) {
        let operators = format!("arn:aws:iam::{}:user/operator*", self.account.number());
        let arguments =
            ["--email", OWNER, "--operator", &operators, "--settle-seconds", "0", "--yes"];
        let output = self.deploy(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer = crate::json::read("deploy", &output.stdout);
        self.outputs = answer["regions"][0]["outputs"].clone();
        self.account.confirm_mail(OWNER).unwrap();
        self.rest();
    }

    /// An output of the stack.
    pub(super) fn output(&self, name: &str) -> &str {
        self.outputs[name]
            .as_str()
            .unwrap_or_else(|| panic!("no output `{name}` in {}", self.outputs))
    }

    /// The environment of a child process of an operator, who may do everything that no policy denies.
    pub(super) fn operator(&self) -> Vec<(String, String)> {
        self.account.env_of(&self.operator)
    }

    /// A bucket name that no other test uses: names are shared by all accounts.
    pub(super) fn bucket(&self, name: &str) -> String {
        format!("{name}-{}", self.account.number())
    }

    /// A user with all permissions on buckets and objects.
    pub(super) fn careless(&self) -> Client {
        self.user("careless")
    }

    /// The user of this name, with all permissions on buckets and objects.
    pub(super) fn user(&self, name: &str) -> Client {
        let everything = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }],
        });
        self.account.client_of(self.account.user(name, &everything).unwrap())
    }

    /// A user and their new bucket, which the guard has reconciled. Earlier runs, calls and emails are deleted.
    pub(super) fn with_bucket(&self) -> (Client, String) {
        let careless = self.careless();
        let bucket = self.bucket("reports");
        // Otherwise the runs of the first sweep would count as the bucket's.
        self.forget();
        careless.create_bucket(&bucket).unwrap();
        self.wait_for_runs("GuardFunctionName", 1);
        self.rest();
        self.forget();
        (careless, bucket)
    }

    /// Waits until this is true.
    pub(super) fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let look = || Ok(holds().then_some(()));
        until(what, look).unwrap_or_else(|error| {
            let logs: Vec<String> =
                self.account.runs().unwrap().into_iter().map(|run| run.log).collect();
            panic!("{error}\nthe functions wrote:\n{}", logs.join("\n"))
        });
    }

    /// Waits until the function has run at least this often since the last [`Guarded::forget`].
    pub(super) fn wait_for_runs(&self, function: &str, count: usize) {
        self.wait("a run of the function", || self.runs(function) >= count);
    }

    /// Waits until both queues are empty. Delays are not waited for once no function has anything else to do.
    pub(super) fn rest(&self) {
        self.rest_from(None);
    }

    /// Waits until only this message is left, which is sent back until a conflict has ended.
    pub(super) fn rest_in_conflict(&self) {
        self.wait("queues with what ends the conflict", || {
            self.account.end_windows().unwrap();
            let depth = self.depth("GuardQueueUrl");
            let is_idle = depth.total() == depth.delayed && self.waiting("ObjectQueueUrl") == 0;
            if is_idle && depth.total() > 1 {
                self.account.end_delays().unwrap();
            }
            is_idle && depth.total() <= 1
        });
    }

    /// The same. What a function has received is delivered again after this time.
    pub(super) fn rest_from(&self, retried_after: Option<Duration>) {
        let (mut ended, mut retried): (Option<Instant>, Instant) = (None, Instant::now());
        self.wait("empty queues", || {
            // Does not wait for the batching windows.
            self.account.end_windows().unwrap();
            let depths = ["GuardQueueUrl", "ObjectQueueUrl"].map(|queue| self.depth(queue));
            let is_idle = depths.iter().all(|depth| depth.total() == depth.delayed);
            let is_empty = depths.iter().all(|depth| depth.total() == 0);
            let is_due = ended.is_none_or(|ended| ended.elapsed() >= DELAYS_ENDED_EVERY);
            if is_idle && is_due && !is_empty {
                self.account.end_delays().unwrap();
                ended = Some(Instant::now());
            }
            if retried_after.is_some_and(|after| retried.elapsed() > after) {
                self.account.end_visibility_timeouts().unwrap();
                retried = Instant::now();
            }
            is_empty
        });
    }

    /// How many messages a queue holds.
    fn depth(&self, queue: &str) -> Depth {
        // Counted one kind after the other, a message that changes its kind meanwhile would be missed.
        self.account.client().depth(self.output(queue)).unwrap()
    }

    /// How many messages a queue holds: visible, delayed and in flight.
    pub(super) fn waiting(&self, queue: &str) -> u64 {
        self.depth(queue).total()
    }

    /// How often a function has run since the last [`Guarded::forget`].
    pub(super) fn runs(&self, function: &str) -> usize {
        let name = self.output(function);
        self.account.runs().unwrap().iter().filter(|run| run.function == name).count()
    }

    /// The calls of a role's code since the last [`Guarded::forget`], oldest first.
    pub(super) fn calls(&self, role: &str) -> Vec<Call> {
        let role = self.output(role).rsplit('/').next().unwrap().to_owned();
        let calls = self.account.calls().unwrap();
        calls
            .into_iter()
            .filter(|call| call.role.as_ref() == Some(&role) && call.by.is_none())
            .collect()
    }

    /// The guard's writes to buckets among them, without those to the ledger.
    pub(super) fn guard_writes(&self) -> Vec<String> {
        let is_write = |action: &String| action.starts_with("s3:Put") && action != "s3:PutObject";
        let calls = self.calls("GuardRoleArn").into_iter();
        calls.filter_map(|call| call.action).filter(is_write).collect()
    }

    /// The ledger's records of a bucket, newest first.
    pub(super) fn records(&self, bucket: &str) -> Vec<Value> {
        let asked = ["history", bucket, "--stack", "guard", "--output", "json"];
        let output = s3guard(&self.account.env(), &asked);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let history = crate::json::read("history", &output.stdout);
        history["records"].as_array().unwrap().clone()
    }

    /// The text of all emails to the owner, in one line: prose is wrapped at 72 columns.
    pub(super) fn mail_text(&self) -> String {
        let mails = self.mails();
        let words = mails
            .iter()
            .flat_map(|mail| mail.subject.split_whitespace().chain(mail.text.split_whitespace()));
        words.collect::<Vec<_>>().join(" ")
    }

    /// The guard's emails to the owner since the last [`Guarded::forget`].
    pub(super) fn mails(&self) -> Vec<Mail> {
        let mails = self.account.mails().unwrap().into_iter().skip(self.forgotten.get());
        let begins = |mail: &Mail| {
            ["s3guard", "CRITICAL: ", "HIGH: "].iter().any(|one| mail.subject.starts_with(one))
        };
        mails.filter(|mail| mail.to == OWNER && begins(mail)).collect()
    }

    /// Deletes the runs and the calls so far, and skips the emails so far. If there are any, the next notification of their
    /// severity would be put into the digest of their window: waits for the next window.
    pub(super) fn forget(&self) {
        if !self.mails().is_empty() {
            let window = || OffsetDateTime::now_utc().unix_timestamp() / WINDOW_SECONDS;
            let current = window();
            self.wait("another window of notifications", || window() > current);
        }
        self.forgotten.set(self.account.mails().unwrap().len());
        self.account.forget_runs().unwrap();
        self.account.forget_calls().unwrap();
    }
}

/// Makes SNS refuse the guard's next emails, each as often as the SDK retries a call.
pub(super) fn refuse_emails(guarded: &Guarded, emails: u32) -> FaultState {
    let fault = Fault {
        role: "*Guard*".to_owned(),
        resource: guarded.output("EmailTopicArn").to_owned(),
        times: 4 * emails,
        ..Fault::fail("sns:Publish", "ServiceUnavailable")
    };
    guarded.account.add_fault(&fault).unwrap()
}

/// A bucket's policy, if it has one.
pub(super) fn policy(client: &Client, bucket: &str) -> Option<Value> {
    let text = client.bucket_setting(bucket, "policy").ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Whether the policy denies requests without TLS.
pub(super) fn has_tls(client: &Client, bucket: &str) -> bool {
    policy(client, bucket).is_some_and(|policy| {
        let statements = policy["Statement"].as_array().unwrap();
        statements.iter().any(|one| one["Condition"]["Bool"]["aws:SecureTransport"] == "false")
    })
}

/// Whether the bucket sends object events to `EventBridge`.
pub(super) fn sends_object_events(client: &Client, bucket: &str) -> bool {
    client.notification(bucket).unwrap().contains("<EventBridgeConfiguration")
}

/// The bucket's default encryption as text, without the markup.
pub(super) fn encryption(client: &Client, bucket: &str) -> String {
    words(&client.encryption(bucket).unwrap())
}

/// Whether all four settings of the public access block are on.
pub(super) fn is_private(client: &Client, bucket: &str) -> bool {
    client.public_access_block(bucket).is_ok_and(|xml| xml.matches(">true<").count() == 4)
}

/// Whether the two settings for policies are on, and the two for ACLs off.
pub(super) fn is_closed_but_to_acls(client: &Client, bucket: &str) -> bool {
    let switches = |name: &str, on: bool| format!("<{name}>{on}</{name}>");
    client.public_access_block(bucket).is_ok_and(|xml| {
        ["BlockPublicPolicy", "RestrictPublicBuckets"]
            .iter()
            .all(|name| xml.contains(&switches(name, true)))
            && ["BlockPublicAcls", "IgnorePublicAcls"]
                .iter()
                .all(|name| xml.contains(&switches(name, false)))
    })
}

/// Disables ACLs: the bucket's owner owns its objects.
pub(super) fn switch_acls_off(client: &Client, bucket: &str) {
    let enforced = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
    client.put_bucket_setting(bucket, "ownershipControls", enforced).unwrap();
}

/// The texts of an XML document, in their order.
fn words(xml: &str) -> String {
    let texts = xml.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
