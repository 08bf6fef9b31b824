//! The hooks of the wrapper, typed: calls, runs, faults, mail, alarms, time.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Account;
use crate::until;

/// One API call, with its authorization and its response.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// The ARN of the user, root or role session.
    pub principal: String,
    /// The role's name, if the principal is a role.
    pub role: Option<String>,
    /// The IAM action that was checked; none for a call that needs no permission.
    pub action: Option<String>,
    /// The ARN that was checked.
    pub resource: String,
    /// Whether the policies allowed it.
    pub allowed: bool,
    /// The error's code; empty if the call succeeded.
    pub error: String,
    /// The service that made the call with the role's permissions; none if the role's code made it.
    pub by: Option<String>,
}

/// What the policies of the account decide.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Decision {
    /// Whether they allow it.
    pub allowed: bool,
    /// AWS's reason for a refusal.
    pub reason: String,
}

/// One run of a function.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// The function's name.
    pub function: String,
    /// Whether it ended with an error.
    pub failed: bool,
    /// What it wrote to stdout and stderr.
    pub log: String,
}

/// One email or SMS that SNS would have sent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Mail {
    /// When it was sent, in seconds since 1970.
    pub at: f64,
    /// `email`, `email-json` or `sms`.
    pub protocol: String,
    /// The address, or the number.
    pub to: String,
    /// The subject; an SMS shows none.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Calls to hold or to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The IAM action, with `*` and `?`: `s3:Put*`.
    pub action: String,
    /// The name of the role that calls, with `*` and `?`.
    pub role: String,
    /// The ARN of the resource, with `*` and `?`.
    pub resource: String,
    /// The error's code, for example `SlowDown`; none holds the calls until they are released.
    pub error: Option<String>,
    /// The error's message, instead of AWS's usual one.
    pub message: Option<String>,
    /// How many matching calls pass first.
    pub skip: u32,
    /// How many calls are then held or failed.
    pub times: u32,
}

impl Fault {
    /// Holds the next call of this action until it is released.
    pub fn hold(action: &str) -> Self {
        let any = || "*".to_owned();
        let (action, role, resource) = (action.to_owned(), any(), any());
        Self { action, role, resource, error: None, message: None, skip: 0, times: 1 }
    }

    /// Fails the next call of this action with this error.
    pub fn fail(action: &str, error: &str) -> Self {
        Self { error: Some(error.to_owned()), ..Self::hold(action) }
    }
}

/// The progress of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct FaultState {
    /// Its number, by which it is released.
    pub number: u64,
    /// How many calls it has held or failed.
    pub met: u64,
    /// How many calls it holds now.
    pub holding: u64,
}

impl Account {
    /// The calls in this account, oldest first.
    pub fn calls(&self) -> Result<Vec<Call>> {
        self.get("calls")
    }

    /// Deletes the calls recorded so far.
    pub fn forget_calls(&self) -> Result<()> {
        self.delete("calls")
    }

    /// Whether a principal, by its ARN, or a service may do something: evaluates the policies that are deployed, with
    /// these condition keys besides the usual ones. A role's ARN stands for its sessions.
    pub fn allows(
        &self,
        principal: &str,
        action: &str,
        resource: &str,
        context: &Value,
    ) -> Result<Decision> {
        let asked = json!({ "principal": principal, "action": action, "resource": resource, "context": context });
        self.hook("POST", "allows", &asked)
    }

    /// Whether S3 would deliver the access logs of a bucket to another: by the policies, the ACL and the encryption that
    /// `target` has now.
    pub fn delivers_logs(&self, source: &str, target: &str) -> Result<bool> {
        self.hook("POST", "delivers-logs", &json!({ "source": source, "target": target }))
    }

    /// The runs of this account's functions, oldest first.
    pub fn runs(&self) -> Result<Vec<Run>> {
        self.get("runs")
    }

    /// Deletes the runs recorded so far.
    pub fn forget_runs(&self) -> Result<()> {
        self.delete("runs")
    }

    /// Holds or fails calls from now on.
    pub fn add_fault(&self, fault: &Fault) -> Result<FaultState> {
        self.hook("POST", "faults", &json!(fault))
    }

    /// The progress of the faults.
    pub fn faults(&self) -> Result<Vec<FaultState>> {
        self.get("faults")
    }

    /// Waits until the fault holds a call.
    pub fn wait_until_held(&self, number: u64) -> Result<()> {
        until("a call for the fault to hold", || {
            let faults = self.faults()?;
            let holds = faults.iter().any(|fault| fault.number == number && fault.holding > 0);
            Ok(holds.then_some(()))
        })
    }

    /// Releases the calls that a fault holds.
    pub fn release_fault(&self, number: u64) -> Result<()> {
        self.hook("POST", "faults/release", &json!({ "number": number }))
    }

    /// Deletes all faults and releases the calls that they hold.
    pub fn forget_faults(&self) -> Result<()> {
        self.delete("faults")
    }

    /// Gives a bucket the defaults from before 2023: no encryption, no public access block.
    pub fn make_legacy(&self, bucket: &str) -> Result<()> {
        self.hook("POST", "legacy-bucket", &json!({ "bucket": bucket }))
    }

    /// Creates buckets without an event. Returns their names, which all accounts share.
    pub fn make_silent_buckets(&self, prefix: &str, count: u32) -> Result<Vec<String>> {
        self.hook("POST", "buckets", &json!({ "prefix": prefix, "count": count }))
    }

    /// Publishes a CloudTrail event of a call by root that the emulator does not implement.
    pub fn publish_event(&self, event_name: &str, parameters: &Value) -> Result<()> {
        let event = json!({ "eventName": event_name, "requestParameters": parameters });
        self.hook("POST", "cloudtrail", &event)
    }

    /// Kills the function's processes. Returns how many there were.
    pub fn kill_function(&self, name: &str) -> Result<u64> {
        self.hook("POST", "kill", &json!({ "function": name }))
    }

    /// Stops what runs in this region of the account: its functions, their polling, its alarms.
    pub fn end(&self) -> Result<()> {
        self.delete("account")
    }

    /// Ends the visibility timeout of every received message. Returns how many there were.
    pub fn end_visibility_timeouts(&self) -> Result<u64> {
        self.hook("POST", "clock/visibility", &Value::Null)
    }

    /// Ends the delay of every delayed message. Returns how many there were.
    pub fn end_delays(&self) -> Result<u64> {
        self.hook("POST", "clock/delays", &Value::Null)
    }

    /// Ends every batching window, as if its time had passed.
    pub fn end_windows(&self) -> Result<()> {
        self.hook("POST", "clock/windows", &Value::Null)
    }

    /// Makes every object of a bucket older. Returns how many there are.
    pub fn age_objects(&self, bucket: &str, seconds: u32) -> Result<u64> {
        self.hook("POST", "clock/objects", &json!({ "bucket": bucket, "seconds": seconds }))
    }

    /// Makes every point of every metric older. Returns how many there are.
    pub fn age_metrics(&self, seconds: u32) -> Result<u64> {
        self.hook("POST", "clock/metrics", &json!({ "seconds": seconds }))
    }

    /// Fires every rule with a schedule, as if its time had come. Returns how many there are.
    pub fn fire_schedules(&self) -> Result<u64> {
        self.hook("POST", "clock/schedules", &Value::Null)
    }

    /// The emails and SMS that SNS would have sent, oldest first.
    pub fn mails(&self) -> Result<Vec<Mail>> {
        self.get("mail")
    }

    /// Follows the links in the confirmation emails to this address. Returns how many there were.
    pub fn confirm_mail(&self, address: &str) -> Result<u64> {
        self.hook("POST", "mail/confirm", &json!({ "address": address }))
    }

    /// Follows the links in all confirmation emails of the account, in every region. Returns addresses and topics.
    pub fn confirm_mails(&self) -> Result<Vec<String>> {
        self.hook("POST", "mail/confirm-all", &Value::Null)
    }

    /// The alarms of this region and their states: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub fn alarms(&self) -> Result<BTreeMap<String, String>> {
        self.get("alarms")
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.hook("GET", path, &Value::Null)
    }

    fn delete(&self, path: &str) -> Result<()> {
        self.hook("DELETE", path, &Value::Null)
    }
}
