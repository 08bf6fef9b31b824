//! Text from outside is escaped.

use super::*;

#[test]
fn names_that_would_move_the_cursor_or_the_reading_direction_are_shown_safely() {
    let hostile = "a\r\nb\x1b[2J\u{202e}c";
    let mut call = call("PutBucketEncryption");
    call.principal = hostile.to_owned();
    let unknown = not_remediated(Aspect::Encryption, Reason::UnknownAlgorithm(hostile.to_owned()));
    let run = Run {
        exemptions: vec![Exempt {
            aspect: Aspect::Encryption,
            reason: hostile.to_owned(),
            until: None,
        }],
        ..Run::new(Trigger::Calls(vec![call]), vec![sse_c(), unknown])
    };
    let text = run.notification().unwrap().text;
    assert_eq!(text.matches(r"a\u{d}\u{a}b\u{1b}[2J\u{202e}c").count(), 3, "{text}");
    assert!(is_safe(&text), "{text:?}");
}

#[test]
fn the_console_is_the_one_of_the_partition() {
    let link = |region: &str| {
        console_link(&region.parse().unwrap(), &"reports".parse().unwrap())
            .split('/')
            .nth(2)
            .unwrap()
            .to_owned()
    };
    assert_eq!(link("eu-west-1"), "eu-west-1.console.aws.amazon.com");
    assert_eq!(link("cn-north-1"), "cn-north-1.console.amazonaws.cn");
    assert_eq!(link("us-gov-west-1"), "us-gov-west-1.console.amazonaws-us-gov.com");
}

pub(super) fn is_safe(text: &str) -> bool {
    text.lines().all(|line| shown(line, usize::MAX) == line)
}

proptest! {
    #[test]
    fn whatever_a_call_and_a_cause_say_the_text_is_safe(
        event_name in ".*", principal in any::<String>(), was in any::<String>(), key in ".*",
    ) {
        let mut call = call(&event_name);
        call.principal = principal;
        call.tool = Tool::Terraform;
        let remediate = Setting::AccessLogs(Some(AccessLogs {
            target_bucket: "logs".to_owned(),
            target_prefix: key.clone(),
        }));
        let weak = Finding::Weak { aspect: Aspect::AccessLogs, was, remediate };
        let foreign = not_remediated(Aspect::Encryption, Reason::ForeignKey { account: key.clone(), key });
        let run = Run::new(Trigger::Calls(vec![call]), vec![weak, foreign]);
        let notification = run.notification().unwrap();
        prop_assert!(is_safe(&notification.text), "{:?}", notification.text);
        prop_assert!(notification.subject.chars().count() < 100);
    }
}
