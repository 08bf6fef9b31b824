//! The alarms of the stack, and what each means. The template and the notifications have these texts: those of an event
//! could have been set by another principal.

/// The logical id and the description of each alarm.
pub const ALARMS: [(&str, &str); 25] = [
    (
        "GuardDlqAlarm",
        "A bucket event could not be handled and is in the queue GuardDlq. Fix the cause, then redrive the queue.",
    ),
    (
        "ObjectDlqAlarm",
        "An object event could not be reported and is in the queue ObjectDlq. Fix the cause, then redrive the queue.",
    ),
    (
        "NotificationDlqAlarm",
        "A notification could not be delivered and is in the queue NotificationDlq. Check the subscriptions.",
    ),
    (
        "GuardWaitingAlarm",
        "A bucket event has waited for 23 minutes: the function is throttled or fails.",
    ),
    (
        "ObjectWaitingAlarm",
        "An object event has waited for 23 minutes: the function is throttled or fails.",
    ),
    ("GuardErrorsAlarm", "A call of the guard function failed. See its log group."),
    ("NotifyErrorsAlarm", "A call of the notify function failed. See its log group."),
    (
        "FailedAlarm",
        "Some buckets could not be fully remediated. See the log group of GuardFunction.",
    ),
    (
        "ConflictAlarm",
        "Another party keeps reverting the changes of the guard, which has stopped writing that setting for a while. Public access is blocked all the same. See the notification for the caller.",
    ),
    (
        "NotRecordedAlarm",
        "A change of the guard is not in the ledger and cannot be undone from there. See the log group of GuardFunction.",
    ),
    (
        "CoverageGapsAlarm",
        "The sweep found a bucket or a change that no event reported. Check that the trail records write management events in this Region.",
    ),
    (
        "NotPublishedAlarm",
        "A digest of object events could not be published; nothing is lost. See the log group of NotifyFunction, then run s3guard redrive.",
    ),
    (
        "EmailUndeliveredAlarm",
        "An email could not be delivered to a subscriber of the topic EmailTopic.",
    ),
    (
        "SmsUndeliveredAlarm",
        "A text message could not be delivered to a subscriber of the topic SmsTopic.",
    ),
    (
        "DocumentUndeliveredAlarm",
        "A notification could not be delivered to a subscriber of the topic DocumentTopic.",
    ),
    (
        "ChatUndeliveredAlarm",
        "A message for a chat could not be delivered to a subscriber of the topic ChatTopic.",
    ),
    (
        "AlertUndeliveredAlarm",
        "An alarm could not be delivered to a subscriber of the topic AlertTopic.",
    ),
    (
        "SilenceAlarm",
        "The guard has not worked for three hours: no call on a bucket is seen. Run s3guard status, which says what is wrong.",
    ),
    (
        "TickMissingAlarm",
        "The guard has sent no sign of life for three hours. SilenceAlarm reads it.",
    ),
    (
        "NeverTickedAlarm",
        "The guard has sent no sign of life for seven days, or is new. SilenceAlarm is not raised then.",
    ),
    (
        "SweepOverdueAlarm",
        "No sweep of all buckets has ended in time. Run s3guard status, then s3guard sweep.",
    ),
    (
        "RefusedAlarm",
        "A message was refused: it is from another account, or its time is not plausible. Find out who sends to the queues and to the event bus.",
    ),
    (
        "ForeignObjectAlarm",
        "An object of the ledger does not count: another principal may have written it. See the log groups of the functions.",
    ),
    (
        "LedgerNotReadableAlarm",
        "The ledger could not be read: buckets are remediated, but suppressions do not hold. See the log groups of the functions.",
    ),
    (
        "BlindedAlarm",
        "A bucket of this account could not be read, so the guard does not see what is changed in it. See the notification for what denies it.",
    ),
];

/// Alarms that only another alarm reads: they notify no one, and may be raised in a healthy stack.
pub const CONDITIONS: [&str; 2] = ["TickMissingAlarm", "NeverTickedAlarm"];

/// The description of an alarm, by its name in this stack: `STACK-LogicalId-RANDOM`. `None` if it is not the stack's.
///
/// Source: AWS CloudFormation User Guide, "Name type".
pub fn description(stack: &str, name: &str) -> Option<&'static str> {
    let rest = name.strip_prefix(stack)?.strip_prefix('-')?;
    let (id, random) = rest.split_once('-').unwrap_or((rest, ""));
    let is_random = random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ALARMS.iter().find(|(of, _)| *of == id && is_random).map(|(_, description)| *description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_alarm_of_the_stack_has_a_description() {
        for name in ["s3guard-FailedAlarm", "s3guard-FailedAlarm-1A2B3C4D5E6F"] {
            assert_eq!(description("s3guard", name), Some(ALARMS[7].1), "{name}");
        }
        for name in [
            "FailedAlarm",
            "s3guard-x-FailedAlarm",
            "s3guard-Failed",
            "s3guard-FailedAlarm-https://evil.example",
            "other-FailedAlarm",
        ] {
            assert_eq!(description("s3guard", name), None, "{name}");
        }
    }
}
