//! The Runtime API runs a function as Lambda does.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use s3guard_emulator::{Answer, Function};
use serde_json::json;

const PATIENCE: Duration = Duration::from_mins(5);

fn start(handler: &str) -> Function {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bootstrap.py");
    let mut command = Command::new(program);
    command.stdout(Stdio::null());
    Function::start(command, handler).expect("it starts")
}

#[test]
fn an_event_is_handled_by_the_configured_handler() {
    let mut function = start("guard");
    function.wait_until_ready(PATIENCE).expect("it asks");
    let first = function.invoke(&json!({ "body": "one" }), PATIENCE).expect("an answer");
    assert_eq!(first.answer, Answer::Response(json!({ "handler": "guard", "bodies": ["one"] })));
    let second = function.invoke(&json!({ "body": "two" }), PATIENCE).expect("an answer");
    assert_eq!(second.answer, Answer::Response(json!({ "handler": "guard", "bodies": ["two"] })));
    assert!(function.memory_bytes_peak().expect("a figure") > 1024 * 1024);
}

#[test]
fn an_error_is_an_answer_and_the_function_keeps_running() {
    let mut function = start("guard");
    let failed = function.invoke(&json!({ "body": "fail" }), PATIENCE).expect("an answer");
    let expected = Answer::Error { kind: "Failed".to_owned(), message: "as asked".to_owned() };
    assert_eq!(failed.answer, expected);
    let next = function.invoke(&json!({ "body": "more" }), PATIENCE).expect("an answer");
    assert!(matches!(next.answer, Answer::Response(_)));
}

#[test]
fn the_end_of_a_function_is_an_error() {
    let mut function = start("guard");
    let error = function.invoke(&json!({ "body": "end" }), PATIENCE).expect_err("it ends");
    assert!(error.to_string().contains("ended with exit status: 3"), "{error}");
}

#[test]
fn a_function_without_an_answer_times_out() {
    let mut function = start("guard");
    function.wait_until_ready(PATIENCE).expect("it asks");
    let error = function.invoke(&json!({ "body": "wait" }), Duration::from_millis(200));
    assert!(error.expect_err("it waits").to_string().contains("did not answer"));
}

#[test]
fn an_error_of_the_init_phase_is_reported() {
    let error = start("broken").wait_until_ready(PATIENCE).expect_err("it is broken");
    let error = error.to_string();
    assert!(error.contains("init phase") && error.contains("no such handler"), "{error}");
}
