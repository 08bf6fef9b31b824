use serde_json::json;

use crate::operations::deploy::broadening::*;

fn statement(effect: &str, action: &Json, resource: &Json) -> Json {
    json!({ "Effect": effect, "Action": action, "Resource": resource })
}

fn template(statements: &[Json]) -> Json {
    json!({ "Resources": { "Policy": {
        "Type": "AWS::IAM::RolePolicy",
        "Properties": { "PolicyDocument": { "Statement": statements } },
    } } })
}

#[track_caller]
fn check(old: &Json, new: &Json, expected: &[&str]) {
    let given = |template| Given { template, parameters: BTreeMap::new() };
    let found: Vec<String> =
        broadening(&given(old), &given(new)).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_statements(old: &[Json], new: &[Json], expected: &[&str]) {
    check(&template(old), &template(new), expected);
}

#[test]
fn more_actions_more_resources_and_fewer_conditions_broaden() {
    let (get, put) = (json!("s3:Get"), json!("s3:Put"));
    let (one, two) = (json!("arn:one"), json!("arn:two"));
    let allow = |action: &Json, resource: &Json| statement("Allow", action, resource);
    check_statements(&[allow(&get, &one)], &[allow(&get, &one)], &[]);
    check_statements(&[allow(&get, &one)], &[], &[]);
    check_statements(&[], &[allow(&get, &one)], &["Policy: may s3:Get on arn:one"]);
    let both = allow(&json!(["s3:Put", "s3:Get"]), &json!([one, two]));
    check_statements(
        &[allow(&get, &one), allow(&put, &two)],
        std::slice::from_ref(&both),
        &["Policy: may s3:Get on arn:two", "Policy: may s3:Put on arn:one"],
    );
    check_statements(&[both], &[allow(&get, &one), allow(&put, &two)], &[]);
    let mut conditioned = allow(&get, &one);
    conditioned["Condition"] = json!({ "Bool": { "aws:SecureTransport": "true" } });
    check_statements(
        std::slice::from_ref(&conditioned),
        &[allow(&get, &one)],
        &["Policy: may s3:Get on arn:one"],
    );
    check_statements(&[allow(&get, &one)], &[conditioned], &[]);
}

#[test]
fn a_star_covers_what_it_matches() {
    let allow = |action: &str, resource: &str| statement("Allow", &action.into(), &resource.into());
    check_statements(&[allow("s3:*", "*")], &[allow("s3:Get", "arn:a")], &[]);
    check_statements(&[allow("s3:Get", "arn:a/*")], &[allow("s3:Get", "arn:a/b")], &[]);
    check_statements(
        &[allow("s3:Get", "arn:a/b")],
        &[allow("s3:Get", "arn:a/*")],
        &["Policy: may s3:Get on arn:a/*"],
    );
    check_statements(
        &[allow("s3:G*t", "*")],
        &[allow("s3:Put", "*")],
        &["Policy: may s3:Put on *"],
    );
}

#[test]
fn a_smaller_exclusion_is_broader() {
    let all_but =
        |actions: &str| json!({ "Effect": "Allow", "NotAction": actions, "Resource": "*" });
    let one = |action: &str| statement("Allow", &action.into(), &json!("*"));
    check_statements(&[one("*")], &[all_but("s3:*")], &[]);
    check_statements(&[all_but("s3:*")], &[all_but("s3:*")], &[]);
    check_statements(
        &[all_but("s3:*")],
        &[all_but("s3:Get")],
        &["Policy: may all but s3:Get on *"],
    );
    check_statements(&[one("a*")], &[all_but("s3:*")], &["Policy: may all but s3:* on *"]);
}

#[test]
fn a_denial_that_is_gone_broadens_unless_its_resource_is_gone() {
    let deny = statement("Deny", &json!("s3:Put"), &json!("*"));
    check_statements(
        std::slice::from_ref(&deny),
        &[],
        &["Policy: is no longer denied s3:Put on *"],
    );
    check_statements(&[], std::slice::from_ref(&deny), &[]);
    check(&template(&[deny]), &json!({ "Resources": {} }), &[]);
}

#[test]
fn whom_a_policy_is_for_and_who_may_call_a_function_count() {
    let trust = |service: Json| {
        json!({ "Resources": { "Role": { "Properties": { "AssumeRolePolicyDocument": { "Statement": [
            { "Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole" },
        ] } } } } })
    };
    let lambda = trust(json!({ "Service": "lambda.amazonaws.com" }));
    let all = trust(json!("*"));
    check(&all, &lambda, &[]);
    check(&lambda, &all, &["Role: * may sts:AssumeRole on it"]);
    let call = |source: Json| {
        json!({ "Resources": { "Call": { "Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": { "Ref": "Function" },
            "Principal": "events.amazonaws.com", "SourceArn": source,
        } } } })
    };
    check(
        &call("arn:rule".into()),
        &call(Json::Null),
        &["Call: events.amazonaws.com may lambda:InvokeFunction on ${Function}"],
    );
    check(&call(Json::Null), &call("arn:rule".into()), &[]);
    let managed =
        json!({ "Resources": { "Role": { "Properties": { "ManagedPolicyArns": ["arn:m"] } } } });
    check(
        &json!({ "Resources": {} }),
        &managed,
        &["Role: may everything that the managed policy allows on arn:m"],
    );
}

#[test]
fn a_parameter_that_widens_a_policy_broadens() {
    let written = template(&[statement(
        "Allow",
        &json!("kms:Decrypt"),
        &json!([{ "Ref": "Key" }, { "Fn::Sub": "arn:${Key}/*" }]),
    )]);
    let given = |key: &str| Given {
        template: &written,
        parameters: BTreeMap::from([("Key".to_owned(), key.to_owned())]),
    };
    let found = broadening(&given("a"), &given("b"));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["Policy: may kms:Decrypt on arn:b/*", "Policy: may kms:Decrypt on b"]);
    assert_eq!(broadening(&given("a"), &given("a")), []);
}

#[test]
fn the_template_of_the_guard_broadens_nothing_against_itself() {
    let template = s3guard_synth::stacks::guard().render().unwrap();
    check(&template, &template, &[]);
    let nothing = json!({ "Resources": {} });
    let given = |template| Given { template, parameters: BTreeMap::new() };
    let all = broadening(&given(&nothing), &given(&template));
    assert!(all.iter().any(|grant| grant.action == "s3:PutEncryptionConfiguration"), "{all:#?}");
    assert!(all.iter().any(|grant| grant.principal == "lambda.amazonaws.com"));
}

#[test]
fn a_parameter_that_switches_a_statement_or_a_resource_on_broadens() {
    let written = json!({
        "Conditions": { "HasKey": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Key" }, ""] }] } },
        "Resources": {
            "Policy": { "Properties": { "PolicyDocument": { "Statement": [
                { "Fn::If": ["HasKey", statement("Allow", &json!("kms:Decrypt"), &json!("k")), { "Ref": "AWS::NoValue" }] },
            ] } } },
            "Other": {
                "Condition": "HasKey",
                "Properties": { "PolicyDocument": { "Statement": [statement("Allow", &json!("a:X"), &json!("r"))] } },
            },
        },
    });
    let given = |key: &str| Given {
        template: &written,
        parameters: BTreeMap::from([("Key".to_owned(), key.to_owned())]),
    };
    let found: Vec<String> =
        broadening(&given(""), &given("k")).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["Other: may a:X on r", "Policy: may kms:Decrypt on k"]);
    assert_eq!(broadening(&given("k"), &given("")), []);
}

#[test]
fn where_a_condition_is_not_known_each_branch_counts() {
    let new = template(&[json!({ "Fn::If": [
        "Unclear", { "Ref": "AWS::NoValue" }, statement("Allow", &json!("a:X"), &json!("r")),
    ] })]);
    check(&json!({ "Resources": {} }), &new, &["Policy: may a:X on r"]);
}

#[test]
fn a_statement_that_cannot_be_read_has_to_be_reviewed() {
    let unread = json!({ "Fn::Transform": "x" });
    check_statements(
        &[],
        std::slice::from_ref(&unread),
        &[r#"Policy: may unknown actions on {"Fn::Transform":"x"}"#],
    );
    check_statements(std::slice::from_ref(&unread), std::slice::from_ref(&unread), &[]);
}

#[test]
fn similar_grants_are_one_sentence() {
    let allow = |actions: Json, resources: Json| statement("Allow", &actions, &resources);
    let new = template(&[
        allow(json!(["s3:A", "s3:B", "s3:C"]), json!(["x", "y"])),
        allow(json!("s3:A"), json!("z")),
    ]);
    let nothing = json!({});
    let given = |template| Given { template, parameters: BTreeMap::new() };
    assert_eq!(
        sentences(&broadening(&given(&nothing), &given(&new))),
        ["Policy: may s3:A, s3:B, s3:C on x, y", "Policy: may s3:A on z"]
    );
}
