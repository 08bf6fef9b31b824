//! The hooks of the wrapper, typed: calls, runs, faults, mail, alarms.

use serde_json::{Value, json};

use super::Account;
use crate::{EmulatorError, until};

/// One API call, as it was checked and answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Counts all calls of the server.
    pub number: u64,
    /// When, in seconds since 1970.
    pub at: f64,
    /// The ARN of the user, root or role session.
    pub principal: String,
    /// The role's name, if it is a role.
    pub role: Option<String>,
    /// The IAM action that was checked, `s3:PutEncryptionConfiguration`; none for a call that needs no permission.
    pub action: Option<String>,
    /// The ARN that was checked.
    pub resource: String,
    /// Whether the policies allowed it.
    pub allowed: bool,
    /// The HTTP status.
    pub status: u16,
    /// The error's code; empty if it went well.
    pub error: String,
    /// The service that made the call with the role's permissions; none if the role's code made it.
    pub by: Option<String>,
}

/// One run of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// When it ended, in seconds since 1970.
    pub at: f64,
    /// The function's name.
    pub function: String,
    /// Whether it ended with an error.
    pub failed: bool,
    /// What it wrote to stdout and stderr.
    pub log: String,
}

/// One mail or SMS that SNS would have sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `email`, `email-json` or `sms`.
    pub protocol: String,
    /// The address, or the number.
    pub to: String,
    /// The subject; an SMS shows none.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Calls that shall be held back or fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The IAM action, with `*` and `?`: `s3:Put*`.
    pub action: String,
    /// The name of the role that calls, with `*` and `?`.
    pub role: String,
    /// The ARN of the resource, with `*` and `?`.
    pub resource: String,
    /// The error's code, `SlowDown` say; none holds the calls until they are released.
    pub error: Option<String>,
    /// The error's message, in place of the usual words.
    pub message: Option<String>,
    /// How many calls pass before.
    pub skip: u32,
    /// How many calls are met.
    pub times: u32,
}

impl Fault {
    /// Holds the next call of this action until it is released.
    pub fn hold(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            role: "*".to_owned(),
            resource: "*".to_owned(),
            error: None,
            message: None,
            skip: 0,
            times: 1,
        }
    }

    /// Lets the next call of this action fail with this error.
    pub fn fail(action: &str, error: &str) -> Self {
        Self { error: Some(error.to_owned()), ..Self::hold(action) }
    }
}

/// What has become of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultState {
    /// Its number, by which it is released.
    pub number: u64,
    /// How many calls it has met.
    pub met: u64,
    /// How many calls it holds now.
    pub holding: u64,
}

impl Account {
    /// The calls in this account, oldest first.
    pub fn calls(&self) -> Result<Vec<Call>, EmulatorError> {
        self.list("calls", |value| Call {
            number: value["number"].as_u64().unwrap_or_default(),
            at: value["at"].as_f64().unwrap_or_default(),
            principal: text(&value["principal"]),
            role: some_text(&value["role"]),
            action: some_text(&value["action"]),
            resource: text(&value["resource"]),
            allowed: value["allowed"].as_bool().unwrap_or_default(),
            status: value["status"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .unwrap_or_default(),
            error: text(&value["error"]),
            by: some_text(&value["by"]),
        })
    }

    /// Drops the calls kept so far.
    pub fn forget_calls(&self) -> Result<(), EmulatorError> {
        self.hook("DELETE", "calls", &[], b"").map(drop)
    }

    /// The runs of this account's functions, oldest first.
    pub fn runs(&self) -> Result<Vec<Run>, EmulatorError> {
        self.list("runs", |value| Run {
            at: value["at"].as_f64().unwrap_or_default(),
            function: text(&value["function"]),
            failed: value["failed"].as_bool().unwrap_or_default(),
            log: text(&value["log"]),
        })
    }

    /// Drops the runs kept so far.
    pub fn forget_runs(&self) -> Result<(), EmulatorError> {
        self.hook("DELETE", "runs", &[], b"").map(drop)
    }

    /// Lets calls be held back or fail from now on.
    pub fn add_fault(&self, fault: &Fault) -> Result<FaultState, EmulatorError> {
        let mut wish = json!({
            "action": fault.action,
            "role": fault.role,
            "resource": fault.resource,
            "kind": if fault.error.is_some() { "error" } else { "hold" },
            "skip": fault.skip,
            "times": fault.times,
        });
        if let Some(code) = &fault.error {
            wish["code"] = json!(code);
        }
        if let Some(message) = &fault.message {
            wish["message"] = json!(message);
        }
        let state = self.hook("POST", "faults", &[], wish.to_string().as_bytes())?;
        Ok(fault_state(&state))
    }

    /// What has become of the faults.
    pub fn faults(&self) -> Result<Vec<FaultState>, EmulatorError> {
        self.list("faults", fault_state)
    }

    /// Waits until the fault holds a call.
    pub fn wait_until_held(&self, number: u64) -> Result<(), EmulatorError> {
        until("a call for the fault to hold", || {
            let faults = self.faults()?;
            let holds = faults.iter().any(|fault| fault.number == number && fault.holding > 0);
            Ok(holds.then_some(()))
        })
    }

    /// Lets the calls that a fault holds go on.
    pub fn release_fault(&self, number: u64) -> Result<(), EmulatorError> {
        self.hook("POST", &format!("faults/{number}/release"), &[], b"").map(drop)
    }

    /// Drops all faults and lets what they hold go on.
    pub fn forget_faults(&self) -> Result<(), EmulatorError> {
        self.hook("DELETE", "faults", &[], b"").map(drop)
    }

    /// Makes a bucket one from before 2023 that nobody configured: no encryption, no public access block.
    pub fn make_legacy(&self, bucket: &str) -> Result<(), EmulatorError> {
        self.hook("POST", "legacy-bucket", &[("bucket", bucket)], b"").map(drop)
    }

    /// Makes so many buckets that no event tells of, and gives their names. Names are shared by all accounts.
    pub fn make_silent_buckets(
        &self,
        prefix: &str,
        count: u32,
    ) -> Result<Vec<String>, EmulatorError> {
        let count = count.to_string();
        let made = self.hook("POST", "buckets", &[("prefix", prefix), ("count", &count)], b"")?;
        Ok(made["made"].as_array().into_iter().flatten().map(text).collect())
    }

    /// Has the trail tell of a call by root that the emulator itself does not have.
    pub fn tell_trail(&self, event_name: &str, parameters: &Value) -> Result<(), EmulatorError> {
        let wish = json!({ "eventName": event_name, "requestParameters": parameters });
        self.hook("POST", "cloudtrail", &[], wish.to_string().as_bytes()).map(drop)
    }

    /// Kills the function's processes at once. Says how many there were.
    pub fn kill_function(&self, name: &str) -> Result<u64, EmulatorError> {
        let answer = self.hook("POST", "kill", &[("function", name)], b"")?;
        Ok(answer["killed"].as_u64().unwrap_or_default())
    }

    /// Ends what runs in this Region of the account: its functions, their polling, its alarms.
    pub fn end(&self) -> Result<(), EmulatorError> {
        self.hook("DELETE", "account", &[], b"").map(drop)
    }

    /// Makes every message that somebody has received visible again, as if its timeout had passed. Says how many.
    pub fn end_visibility_timeouts(&self) -> Result<u64, EmulatorError> {
        let answer = self.hook("POST", "clock/visibility", &[], b"")?;
        Ok(answer["ended"].as_u64().unwrap_or_default())
    }

    /// Makes every message visible that was sent with a delay, as if the delay had passed. Says how many there were.
    pub fn end_delays(&self) -> Result<u64, EmulatorError> {
        let answer = self.hook("POST", "clock/delays", &[], b"")?;
        Ok(answer["ended"].as_u64().unwrap_or_default())
    }

    /// Ends every batching window in which messages are gathered for a function, as if its time had passed.
    pub fn end_windows(&self) -> Result<(), EmulatorError> {
        self.hook("POST", "clock/windows", &[], b"").map(drop)
    }

    /// Makes every object of a bucket so much older. Says how many there are.
    pub fn age_objects(&self, bucket: &str, seconds: u32) -> Result<u64, EmulatorError> {
        let seconds = seconds.to_string();
        let query = [("bucket", bucket), ("seconds", seconds.as_str())];
        let answer = self.hook("POST", "clock/objects", &query, b"")?;
        Ok(answer["aged"].as_u64().unwrap_or_default())
    }

    /// Fires every rule with a schedule, as if its time had come. Says how many.
    pub fn fire_schedules(&self) -> Result<u64, EmulatorError> {
        let answer = self.hook("POST", "clock/schedules", &[], b"")?;
        Ok(answer["fired"].as_u64().unwrap_or_default())
    }

    /// The mails and SMS that SNS would have sent, oldest first.
    pub fn mails(&self) -> Result<Vec<Mail>, EmulatorError> {
        self.list("mail", |value| Mail {
            protocol: text(&value["protocol"]),
            to: text(&value["to"]),
            subject: text(&value["subject"]),
            text: text(&value["text"]),
        })
    }

    /// Follows the links in the confirmation mails to this address. Says how many there were.
    pub fn confirm_mail(&self, address: &str) -> Result<u64, EmulatorError> {
        let answer = self.hook("POST", "mail/confirm", &[("address", address)], b"")?;
        Ok(answer["confirmed"].as_u64().unwrap_or_default())
    }

    /// The alarms of this region and their states: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub fn alarms(&self) -> Result<Vec<(String, String)>, EmulatorError> {
        let states = self.hook("GET", "alarms", &[], b"")?;
        let states = states.as_object().cloned().unwrap_or_default();
        Ok(states.into_iter().map(|(name, state)| (name, text(&state))).collect())
    }

    fn list<T>(&self, path: &str, one: impl Fn(&Value) -> T) -> Result<Vec<T>, EmulatorError> {
        let values = self.hook("GET", path, &[], b"")?;
        Ok(values.as_array().map(|values| values.iter().map(one).collect()).unwrap_or_default())
    }
}

fn fault_state(value: &Value) -> FaultState {
    FaultState {
        number: value["number"].as_u64().unwrap_or_default(),
        met: value["met"].as_u64().unwrap_or_default(),
        holding: value["holding"].as_u64().unwrap_or_default(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
