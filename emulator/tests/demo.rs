//! `cargo demo account` keeps an account, and another process finds it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use s3guard_emulator::Credentials;
use s3guard_emulator::kept::find;

fn demo(arguments: &[&str]) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    demo.args(arguments).env_remove("AWS_ENDPOINT_URL").env_remove("AWS_ACCESS_KEY_ID");
    demo
}

fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).expect("it is text")
}

#[test]
fn another_process_reads_the_mails_of_a_kept_account_and_confirms_its_subscriptions() {
    let mut keeper = demo(&["account"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    let (mut number, mut operator) = (String::new(), String::new());
    let mut variables = Vec::new();
    for line in BufReader::new(keeper.stdout.take().expect("it is piped")).lines() {
        let line = line.expect("it is text");
        if let Some((name, value)) =
            line.strip_prefix("export ").and_then(|variable| variable.split_once('='))
        {
            variables.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        if let Some((of, _)) = line.strip_prefix("# Account ").and_then(|rest| rest.split_once('.'))
        {
            number = of.to_owned();
        }
        if let Some((_, rest)) = line.split_once(" --operator ") {
            operator = rest.split(' ').next().unwrap_or_default().to_owned();
        }
        if line.contains("Press Enter") {
            break;
        }
    }
    assert_eq!(operator, format!("arn:aws:iam::{number}:user/owner"));
    let run =
        |command: &str| demo(&[command, "--account", &number]).output().expect("the demo starts");
    assert!(text(&run("mail")).contains("no email was sent"), "{}", text(&run("mail")));

    let account = find(Some(&number), |_| None).expect("it is kept");
    let caller = |name: &str| {
        variables.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    let user = Credentials {
        access_key_id: caller("AWS_ACCESS_KEY_ID").to_owned(),
        secret_access_key: caller("AWS_SECRET_ACCESS_KEY").to_owned(),
        session_token: None,
    };
    let identity = account
        .client_of(user)
        .query("sts", "2011-06-15", &[("Action", "GetCallerIdentity")])
        .expect("an identity");
    assert!(identity.contains(&operator), "{identity}");
    let careless = run("careless");
    assert!(
        !careless.status.success() && text(&careless).contains("has no guard: install it"),
        "{}",
        text(&careless)
    );
    let client = account.client();
    let topic = client
        .query("sns", "2010-03-31", &[("Action", "CreateTopic"), ("Name", "words")])
        .expect("a topic");
    let topic = topic.split(['<', '>']).find(|text| text.starts_with("arn:")).expect("an ARN");
    client.subscribe(topic, "email", "owner@example.com", false).expect("a subscription");
    assert_eq!(text(&run("confirm")), "confirmed owner@example.com for topic words\n");
    assert!(text(&run("confirm")).contains("waits for confirmation"));
    for message in ["first", "second"] {
        let publish =
            [("Action", "Publish"), ("TopicArn", topic), ("Subject", "s"), ("Message", message)];
        client.query("sns", "2010-03-31", &publish).expect("it is published");
    }
    let mails = text(&run("mail"));
    let mut unread = demo(&["mail", "--account", &number])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    drop(unread.stdout.take());
    let unread = unread.wait_with_output().expect("it ends");
    assert!(unread.status.success() && unread.stderr.is_empty(), "{}", text(&unread));
    let at = |words: &str| mails.find(words).unwrap_or_else(|| panic!("no `{words}` in {mails}"));
    assert!(at("confirmation.html?TopicArn=arn:aws:sns:") > at("Subscription Confirmation"));
    assert!(at("Subscription Confirmation") < at("| first") && at("| first") < at("| second"));

    let by_environment = demo(&["mail"]).envs(variables.clone()).output().expect("the demo starts");
    assert_eq!(text(&by_environment), mails, "it is the same account");

    keeper.stdin.take().expect("it is piped").write_all(b"\n").expect("it waits for Enter");
    assert!(keeper.wait().expect("it ends").success());
    let ended = run("mail");
    assert!(
        !ended.status.success() && text(&ended).contains("no such account"),
        "{}",
        text(&ended)
    );
    let ended = demo(&["mail"]).envs(variables).output().expect("the demo starts");
    assert!(text(&ended).contains("no emulated account answers"), "{}", text(&ended));
}
