use super::*;
use crate::model::refusal::Refusal;

fn observed(policy: &str) -> Observed {
    let id = BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let policy = crate::Reading::Known(Policy::new(policy));
    Observed { policy, ..Observed::new_bucket(id) }
}

fn refused(kind: SettingKind, cause: Cause, aspect: Aspect) -> Finding {
    let (call, code) = (kind.call().to_owned(), "AccessDenied".to_owned());
    let refusal = Refusal { call, code, words: "no".repeat(500), cause };
    let write = RefusedWrite::new(kind, "reports".parse().unwrap(), refusal);
    Finding::NotRemediated { aspect, reason: Reason::Refused(Box::new(write)) }
}

fn said(finding: &Finding) -> String {
    match finding {
        Finding::NotRemediated { reason, .. } => reason.to_string(),
        Finding::Weak { .. } | Finding::Later { .. } => panic!("{finding:?}"),
    }
}

#[test]
fn what_is_said_of_a_refusal_is_bounded() {
    let sid = "S".repeat(5_000);
    let policy = format!(
        r#"{{"Statement":{{"Sid":"{sid}","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}}}"#
    );
    for cause in [Cause::Denied, Cause::Other, Cause::BucketPolicy, Cause::Organization] {
        let finding = refused(SettingKind::Policy, cause, Aspect::Tls);
        let explained = explain(vec![finding], &observed(&policy), None, None);
        assert!(said(&explained[0]).len() < 400, "{}", said(&explained[0]));
    }
}

#[test]
fn a_single_setting_that_is_denied_for_an_unknown_cause_is_said_as_before() {
    let one =
        |aspect, question| Finding::NotRemediated { aspect, reason: Reason::NotReadable(question) };
    let single = vec![one(Aspect::Versioning, Question::Versioning)];
    assert_eq!(explain(single.clone(), &observed("{}"), None, None), single);
    // The key and the account are no settings of the bucket.
    let around = vec![
        one(Aspect::Encryption, Question::Key),
        one(Aspect::PublicAccess, Question::AccountBlock),
    ];
    assert_eq!(explain(around.clone(), &observed("{}"), None, None), around);
    let two = vec![one(Aspect::Tls, Question::Policy), one(Aspect::Policy, Question::Policy)];
    let explained = explain(two, &observed("{}"), None, None);
    assert_eq!(explained.len(), 1);
    assert_eq!(explained[0].aspect(), Aspect::Policy, "the one that counts most");
    assert_eq!(
        said(&explained[0]),
        "not readable: access is denied (s3:GetBucketPolicy), and nothing that depends on it was changed"
    );
}

#[test]
fn without_the_arn_of_the_role_its_output_is_named() {
    let policy = r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"x"},"Action":"s3:Put*","Resource":"*"}}"#;
    let finding = refused(SettingKind::Policy, Cause::Denied, Aspect::Tls);
    let explained = explain(vec![finding], &observed(policy), None, None);
    assert_eq!(
        said(&explained[0]),
        "PutBucketPolicy was refused (AccessDenied) by a NotPrincipal deny in its policy: add the role of s3guard \
         (output GuardRoleArn of its stack) to its NotPrincipal"
    );
}

#[test]
fn a_policy_that_the_block_rejects_is_said_to_be_void_where_it_is() {
    let finding = || vec![refused(SettingKind::Policy, Cause::BlockPublicPolicy, Aspect::Tls)];
    let mut seen = observed("{}");
    assert_eq!(explain(finding(), &seen, None, None)[0], void());
    seen.public_access_block = crate::Reading::Absent;
    assert!(
        said(&explain(finding(), &seen, None, None)[0]).contains("BlockPublicPolicy rejects it")
    );
    seen.account_block = crate::Reading::Known(PublicAccessBlock::ALL);
    assert_eq!(explain(finding(), &seen, None, None)[0], void());
}

fn void() -> Finding {
    Finding::NotRemediated { aspect: Aspect::Tls, reason: Reason::VoidPolicy }
}
