use std::fmt::Write as _;

use expect_test::expect_file;
use time::OffsetDateTime;

use crate::operations::follow::list::*;
use crate::operations::follow::sample::{event, of_stack};
use crate::ui::output::Paint;

/// An event so many seconds after the beginning, of a resource of this type.
fn at(seconds: i64, resource_type: &str, event: Event) -> Event {
    let time = OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
    let is_about_the_stack = event.is_about_the_stack();
    let resource_type =
        if is_about_the_stack { event.resource_type.clone() } else { resource_type.to_owned() };
    Event { time, resource_type, ..event }
}

fn creation() -> Vec<Event> {
    let queue = "AWS::SQS::Queue";
    let function = "AWS::Lambda::Function";
    let configured = Event {
        is_configured: true,
        ..event("GuardFunction", "CREATE_IN_PROGRESS", "Resource creation Initiated")
    };
    vec![
        at(0, "", of_stack("CREATE_IN_PROGRESS", "User Initiated")),
        at(1, queue, event("GuardQueue", "CREATE_IN_PROGRESS", "")),
        at(1, queue, event("ObjectQueue", "CREATE_IN_PROGRESS", "")),
        at(2, "AWS::IAM::Role", event("GuardRole", "CREATE_IN_PROGRESS", "")),
        at(14, queue, event("GuardQueue", "CREATE_COMPLETE", "")),
        at(20, "AWS::IAM::Role", event("GuardRole", "CREATE_COMPLETE", "")),
        at(21, function, event("GuardFunction", "CREATE_IN_PROGRESS", "")),
        at(25, function, configured),
        at(
            26,
            "AWS::CloudFormation::CustomResourceWithAVeryLongName",
            event("NotifyFunctionEventInvokeConfiguration", "CREATE_IN_PROGRESS", ""),
        ),
    ]
}

fn failed() -> Vec<Event> {
    let denied = "Resource handler returned message: \"User: arn:aws:iam::111122223333:user/u is not authorized to \
                  perform: lambda:CreateFunction on resource: arn:aws:lambda:eu-west-1:111122223333:function:s-guard \
                  because no identity-based policy allows the lambda:CreateFunction action\" (RequestToken: 1, \
                  HandlerErrorCode: AccessDenied)";
    let mut events = creation();
    events.extend([
        at(61, "AWS::Lambda::Function", event("GuardFunction", "CREATE_FAILED", denied)),
        at(
            62,
            "AWS::SQS::Queue",
            event("ObjectQueue", "CREATE_FAILED", "Resource creation cancelled"),
        ),
        at(
            63,
            "",
            of_stack(
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [GuardFunction].",
            ),
        ),
        at(64, "AWS::SQS::Queue", event("GuardQueue", "DELETE_IN_PROGRESS", "")),
    ]);
    events
}

/// What a terminal shows in the end: the messages, a line, and the list.
fn shown(lists: &[(&str, Vec<Event>)], columns: usize, paint: Paint) -> String {
    let mut text = String::new();
    let mut areas = Vec::new();
    for (label, events) in lists {
        let mut list = List::new(label, None);
        for event in events {
            let took = list.take(event);
            let is_shown =
                if event.is_about_the_stack() { event.is_failure() } else { event.is_end() };
            if is_shown {
                // A message for one of several begins with its name.
                let label = if lists.len() > 1 { format!("{label}  ") } else { String::new() };
                for line in ended(event, took, columns - label.len()) {
                    let _ = writeln!(text, "{label}{}", line.painted(paint));
                }
            }
        }
        let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(65);
        areas.push(list.lines(now, columns));
    }
    let _ = writeln!(text, "--- the list:");
    for line in areas.iter().flatten() {
        let line = line.painted(paint);
        assert!(width(&line) < columns, "{line}");
        let _ = writeln!(text, "{line}");
    }
    text.replace('\x1b', "ESC")
}

#[test]
fn a_list_fits_the_width_and_reads_without_colour() {
    let mut text = String::new();
    let regions = [("eu-west-1", creation()), ("us-east-1", failed())];
    for (what, lists) in [
        ("a creation", vec![("s3guard", creation())]),
        ("a failed creation", vec![("s3guard", failed())]),
        ("two Regions", regions.to_vec()),
    ] {
        for columns in [60, 120] {
            for paint in [Paint::Plain, Paint::Ansi] {
                let _ = writeln!(text, "# {what}, {columns} columns, {paint:?}");
                text += &shown(&lists, columns, paint);
                text.push('\n');
            }
        }
    }
    expect_file!["golden.txt"].assert_eq(&text);
}

#[test]
fn a_duration_counts_from_the_first_event_of_a_resource() {
    let mut list = List::new("s", None);
    let begun = |seconds| at(seconds, "AWS::SQS::Queue", event("Q", "CREATE_IN_PROGRESS", ""));
    assert_eq!(list.take(&begun(1)), None);
    assert_eq!(list.take(&begun(5)), None);
    let ended = at(9, "AWS::SQS::Queue", event("Q", "CREATE_COMPLETE", ""));
    assert_eq!(list.take(&ended), Some(Duration::seconds(8)));
    // A list that starts later has not seen the beginning.
    assert_eq!(List::new("s", None).take(&ended), None);
}

#[test]
fn times_are_read_at_a_glance() {
    let text = |seconds| elapsed(Duration::seconds(seconds));
    assert_eq!([text(-3), text(0), text(59), text(60)], ["0 s", "0 s", "59 s", "1:00"]);
    assert_eq!([text(3599), text(3600), text(36_061)], ["59:59", "1:00:00", "10:01:01"]);
}

#[test]
fn what_is_cut_says_so() {
    assert_eq!(cut("GuardQueue", 10), "GuardQueue");
    assert_eq!(cut("GuardQueue", 6), "Guard…");
    assert_eq!(cut("日本日本", 5), "日本…");
}

#[test]
fn the_list_counts_up_to_the_number_of_changes_while_that_holds() {
    let heading = |total, events: &[Event]| {
        let mut list = List::new("s", Some(total));
        for event in events {
            list.take(event);
        }
        list.lines(OffsetDateTime::UNIX_EPOCH, 200).remove(0).painted(Paint::Plain)
    };
    assert!(heading(51, &creation()).ends_with("  2 of 51 done, 3 in progress"));
    assert!(heading(4, &creation()).ends_with("  2 done, 3 in progress"));
    assert!(heading(51, &failed()).contains(" done, 2 failed"), "{}", heading(51, &failed()));
}
