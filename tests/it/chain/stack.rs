//! The life cycle of the stack: deployed, deployed again, changed, destroyed.

use std::process::Output;

use super::guarded::{Guarded, deploy, new_account, package, s3guard};

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_second_deploy_changes_nothing_and_says_so() {
    let guarded = Guarded::new(&[]);
    let again = guarded.deploy(&[]);
    assert_eq!(again.status.code(), Some(0), "{}", output_of(&again));
    assert!(output_of(&again).contains("no change"), "{}", output_of(&again));
}

#[test]
fn events_are_shown_and_a_healthy_stack_has_nothing_to_roll_back() {
    let guarded = Guarded::new(&[]);
    let environment = guarded.account.env();
    let shown = s3guard(&environment, &["events", "--stack", "guard", "--output", "json"]);
    assert_eq!(shown.status.code(), Some(0), "{}", output_of(&shown));
    let json = crate::json::read("events", &shown.stdout);
    assert_eq!((&json["status"], &json["rootCause"]), (&"CREATE_COMPLETE".into(), &().into()));
    let last = json["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["logicalId"], &last["status"]), (&"guard".into(), &json["status"]));
    let followed = s3guard(&environment, &["events", "--stack", "guard", "--follow"]);
    assert_eq!(followed.status.code(), Some(0), "{}", output_of(&followed));
    let back = s3guard(&environment, &["rollback", "--stack", "guard", "--yes"]);
    assert_eq!(back.status.code(), Some(0), "{}", output_of(&back));
    assert!(output_of(&back).contains("nothing to roll back"), "{}", output_of(&back));
}

#[test]
fn parameters_that_are_not_given_keep_their_values_in_an_update() {
    let guarded = Guarded::new(&[]);
    let changed = guarded.deploy(&["--settle-seconds", "7"]);
    assert_eq!(changed.status.code(), Some(0), "{}", output_of(&changed));
    let function = guarded.output("GuardFunctionName");
    let configuration = guarded.account.client().function_configuration(function).unwrap();
    let variables = &configuration["Environment"]["Variables"];
    assert_eq!(variables["S3GUARD_SETTLE_SECONDS"], "7", "{configuration}");
    assert!(output_of(&changed).contains("GuardFunction"), "{}", output_of(&changed));
    let third = guarded.deploy(&[]);
    assert!(output_of(&third).contains("no change"), "{}", output_of(&third));
}

#[test]
fn artifacts_are_uploaded_once() {
    let account = new_account();
    let puts = |account: &s3guard_emulator::Account| {
        let calls = account.calls().unwrap();
        calls
            .iter()
            .filter(|call| call.action.as_deref() == Some("s3:PutObject") && call.role.is_none())
            .map(|call| call.resource.rsplit('/').next().unwrap_or_default().to_owned())
            .map(|name| name.split('-').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let guarded = Guarded::of(account, &[]);
    let uploaded = puts(&guarded.account);
    assert_eq!(uploaded.len(), 2, "the package, and a template that no call takes: {uploaded:?}");
    guarded.deploy(&["--settle-seconds", "3"]);
    assert_eq!(puts(&guarded.account), uploaded, "{}", package().display());
}

#[test]
fn destroy_lists_what_is_retained_and_the_stack_can_be_deployed_again() {
    let guarded = Guarded::new(&[]);
    let environment = guarded.account.env();
    let unasked = s3guard(&environment, &["destroy", "--stack", "guard", "--disable-protection"]);
    assert_eq!(unasked.status.code(), Some(4), "without a terminal there is no prompt");
    let refused = s3guard(&environment, &["destroy", "--stack", "guard", "--yes"]);
    assert_eq!(refused.status.code(), Some(1), "{}", output_of(&refused));
    assert!(output_of(&refused).contains("--disable-protection"), "{}", output_of(&refused));
    let all = ["destroy", "--stack", "guard", "--yes", "--disable-protection"];
    let destroyed = s3guard(&environment, &all);
    assert_eq!(destroyed.status.code(), Some(0), "{}", output_of(&destroyed));
    let kept = guarded.output("TrailBucketName");
    assert!(output_of(&destroyed).contains(kept), "{}", output_of(&destroyed));
    assert!(guarded.account.client().list_buckets().unwrap().contains(&kept.to_owned()));
    let nothing = s3guard(&environment, &["destroy", "--stack", "guard", "--yes"]);
    assert_eq!(nothing.status.code(), Some(0), "{}", output_of(&nothing));

    let unasked = guarded.deploy(&["--settle-seconds", "0"]);
    assert_eq!(unasked.status.code(), Some(4), "{}", output_of(&unasked));
    let words = format!("existing bucket `{kept}` becomes the stack's");
    assert!(output_of(&unasked).contains(&words), "{}", output_of(&unasked));
    let again = guarded.deploy(&["--settle-seconds", "0", "--yes"]);
    assert_eq!(again.status.code(), Some(0), "{}", output_of(&again));
}

#[test]
fn a_difference_is_shown_and_changes_nothing() {
    let guarded = Guarded::new(&[]);
    let diff = |arguments: &[&str]| {
        let package = package().to_str().unwrap();
        let mut all = vec!["diff", "--stack", "guard", "--package", package];
        all.extend(["--config", guarded.configuration.to_str().unwrap()]);
        all.extend(arguments);
        s3guard(&guarded.account.env(), &all)
    };
    let same = diff(&["--fail"]);
    assert_eq!(same.status.code(), Some(0), "{}", output_of(&same));
    assert_eq!(String::from_utf8_lossy(&same.stdout), "no changes\n");
    let other = diff(&["--set", "SettleSeconds=9", "--fail"]);
    assert_eq!(other.status.code(), Some(3), "{}", output_of(&other));
    let table = String::from_utf8_lossy(&other.stdout).into_owned();
    assert!(table.contains("GuardFunction"), "{table}");
    assert!(table.contains("no permissions are broadened"), "{table}");
    let again = guarded.deploy(&[]);
    assert!(output_of(&again).contains("no change"), "nothing was changed: {}", output_of(&again));
}

#[test]
fn a_pending_change_set_is_executed_by_its_id() {
    let guarded = Guarded::new(&[]);
    let left = guarded.deploy(&["--set", "SettleSeconds=9", "--no-execute"]);
    assert_eq!(left.status.code(), Some(0), "{}", output_of(&left));
    let json = crate::json::read("deploy-no-execute", &left.stdout);
    let id = json["regions"][0]["changeSet"].as_str().unwrap();
    let settles = || {
        let function = guarded.output("GuardFunctionName");
        let configuration = guarded.account.client().function_configuration(function).unwrap();
        configuration["Environment"]["Variables"]["S3GUARD_SETTLE_SECONDS"].clone()
    };
    assert_eq!(settles(), "0", "nothing is changed yet");
    let environment = guarded.account.env();
    let unasked = s3guard(
        &environment,
        &["deploy", "--stack", "guard", "--change-set", id, "--approve", "any"],
    );
    assert_eq!(unasked.status.code(), Some(4), "{}", output_of(&unasked));
    let done = s3guard(&environment, &["deploy", "--stack", "guard", "--change-set", id]);
    assert_eq!(done.status.code(), Some(0), "{}", output_of(&done));
    assert_eq!(settles(), "9");
}

#[test]
fn of_two_simultaneous_deployments_one_succeeds_and_the_other_succeeds_or_explains() {
    let guarded = Guarded::new(&[]);
    let ended: Vec<Output> = std::thread::scope(|scope| {
        let both = ["7", "8"].map(|seconds| {
            let (account, file) = (&guarded.account, guarded.configuration.to_str().unwrap());
            let arguments = ["--config", file, "--settle-seconds", seconds];
            scope.spawn(move || deploy(account, &arguments))
        });
        both.map(|one| one.join().unwrap()).into()
    });
    assert!(ended.iter().any(|one| one.status.success()), "{}", output_of(&ended[0]));
    for one in &ended {
        let words = output_of(one);
        let is_clear = one.status.success() || words.contains("hint: ");
        assert!(is_clear && !words.contains("panicked"), "{words}");
    }
    let last = guarded.deploy(&["--settle-seconds", "7"]);
    assert_eq!(last.status.code(), Some(0), "the stack is whole: {}", output_of(&last));
}
