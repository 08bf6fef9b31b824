//! Policies that S3 does not take back.

use super::*;

fn with_policy(statements: &str) -> Observed {
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    Observed { policy: Reading::Known(Policy::new(policy)), ..safe(Grade::Speed) }
}

fn allow(principal: &str) -> String {
    format!(
        r#"{{"Effect":"Allow",{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}}"#
    )
}

fn reason(observed: &Observed) -> Option<Reason> {
    let mut baseline = baseline(Grade::Speed);
    baseline.set_mode(Aspect::Policy, Mode::Off);
    assess(observed, &baseline).into_iter().find_map(|finding| match finding {
        Finding::NotRemediated { aspect: Aspect::Tls, reason } => Some(reason),
        Finding::NotRemediated { .. } | Finding::Weak { .. } | Finding::Later { .. } => None,
    })
}

#[test]
fn a_policy_with_a_deleted_principal_is_not_written() {
    let ids = |ids: &[&str]| {
        Some(Reason::DeletedPrincipals(ids.iter().map(|id| (*id).to_owned()).collect()))
    };
    let (role, user) = ("AROAEXAMPLEDELETED01", "AIDAEXAMPLEDELETED01");
    for (principal, expected) in [
        (format!(r#""Principal":{{"AWS":"{role}"}}"#), ids(&[role])),
        (
            format!(
                r#""Principal":{{"AWS":["arn:aws:iam::111122223333:role/r","{role}","{user}","{role}"]}}"#
            ),
            ids(&[user, role]),
        ),
        (format!(r#""NotPrincipal":{{"AWS":["{user}"]}}"#), ids(&[user])),
        (
            r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/AROAEXAMPLEDELETED01"}"#
                .to_owned(),
            None,
        ),
        (r#""Principal":{"AWS":"111122223333"}"#.to_owned(), None),
    ] {
        assert_eq!(reason(&with_policy(&allow(&principal))), expected, "{principal}");
    }
    // A deny names them as well.
    let deny = allow(&format!(r#""Principal":{{"AWS":"{role}"}}"#)).replace("Allow", "Deny");
    assert_eq!(reason(&with_policy(&deny)), ids(&[role]));
    // A policy that lacks nothing is not written, so nothing is said.
    let mut complete = safe(Grade::Speed);
    let text = tls_policy(Grade::Speed)
        .text()
        .replace(r#""Statement":["#, &format!(r#""Statement":[{deny},"#));
    complete.policy = Reading::Known(Policy::new(text));
    assert_eq!(reason(&complete), None);
}

#[test]
fn a_public_policy_is_not_written_while_the_block_rejects_it() {
    let everyone = || with_policy(&allow(r#""Principal":"*""#));
    let rejects = PublicAccessBlock { block_public_policy: true, ..PublicAccessBlock::default() };
    let (absent, all) = (Reading::Absent, Reading::Known(PublicAccessBlock::ALL));
    for (own, account, expected) in [
        (all, absent, Some(Reason::VoidPolicy)),
        (absent, all, Some(Reason::VoidPolicy)),
        (Reading::Known(rejects), absent, Some(Reason::PublicPolicyKept)),
        (absent, Reading::Known(rejects), Some(Reason::PublicPolicyKept)),
        (absent, absent, None),
        // S3's answer says it then.
        (absent, Reading::Denied, None),
    ] {
        let (public_access_block, account_block) = (own, account);
        let public = Observed {
            public_access_block,
            account_block,
            policy_is_public: Reading::Known(true),
            ..everyone()
        };
        assert_eq!(reason(&public), expected, "{own:?} {account:?}");
        let not_public = Observed { policy_is_public: Reading::Known(false), ..public };
        assert_eq!(reason(&not_public), None);
    }
}

#[test]
fn only_of_a_policy_that_may_be_public_the_status_is_asked() {
    let asks = |principal: &str| {
        let unread = Observed {
            policy_is_public: Reading::Unread,
            account_block: Reading::Unread,
            ..with_policy(&allow(principal))
        };
        let mut only_tls = baseline(Grade::Speed);
        for aspect in Aspect::ALL.into_iter().filter(|aspect| *aspect != Aspect::Tls) {
            only_tls.set_mode(aspect, Mode::Off);
        }
        questions(&unread, &only_tls)
    };
    for principal in
        [r#""Principal":"*""#, r#""Principal":{"AWS":["*"]}"#, r#""NotPrincipal":{"AWS":"1"}"#]
    {
        assert_eq!(
            asks(principal),
            [Question::PolicyStatus, Question::AccountBlock],
            "{principal}"
        );
    }
    for principal in [
        r#""Principal":{"AWS":"arn:aws:iam::444455556666:root"}"#,
        r#""Principal":{"Service":"cloudtrail.amazonaws.com"}"#,
    ] {
        assert_eq!(asks(principal), [], "{principal}");
    }
}
