//! What a restored setting lets in, or protects less, than the setting that it replaces.

use serde_json::{Value, json};

use super::policy::meaning;
use crate::evaluate::admitted::admitted;
use crate::evaluate::tls::{Denied, denies};
use crate::model::policy::{Policy, statements};
use crate::model::setting::{
    Algorithm, Encryption, Key, KeyOwner, Notifications, Ownership, PublicAccessBlock, Setting,
    SseC,
};
use crate::text::shown;
use crate::{AccountId, BucketId, Trusted};

/// The longest text about a statement.
const CHARACTERS_MAX: usize = 300;

/// What is let in, or protected less, if `to` replaces `now`, in words; nothing if the bucket is as safe as before.
pub fn exposures(now: &Setting, to: &Setting, bucket: &BucketId) -> Vec<String> {
    match (now, to) {
        (Setting::Policy(now), Setting::Policy(to)) => {
            policy(now.as_deref(), to.as_deref(), bucket)
        }
        (
            Setting::PublicAccessBlock(now) | Setting::AccountPublicAccessBlock(now),
            Setting::PublicAccessBlock(to) | Setting::AccountPublicAccessBlock(to),
        ) => switched_off(now.unwrap_or_default(), to.unwrap_or_default()),
        (Setting::Ownership(Some(Ownership::BucketOwnerEnforced)), Setting::Ownership(to)) => {
            let has_acls = *to != Some(Ownership::BucketOwnerEnforced);
            has_acls.then(|| "ACLs grant access again".to_owned()).into_iter().collect()
        }
        (Setting::Encryption(now), Setting::Encryption(to)) => {
            encryption(now.as_ref(), to.as_ref(), &bucket.account)
        }
        (Setting::Notifications(now), Setting::Notifications(to)) => {
            targets(now, to, &bucket.account)
        }
        (_, _) => Vec::new(),
    }
}

fn policy(now: Option<&str>, to: Option<&str>, bucket: &BucketId) -> Vec<String> {
    let document = |text: Option<&str>| match text {
        Some(text) => Policy::new(text).document().cloned(),
        None => Some(Value::Null),
    };
    let Some(after) = document(to) else {
        return vec!["the policy cannot be analyzed: it is not a JSON object".to_owned()];
    };
    let before = document(now).unwrap_or_default();
    let [old, new]: [Vec<&Value>; 2] =
        [&before, &after].map(|document| statements(document).map(|one| one.0).collect());
    let is_among =
        |some: &[&Value], one: &Value| some.iter().any(|other| meaning(other) == meaning(one));
    let mut found = Vec::new();
    for statement in new.iter().filter(|one| !is_among(&old, one)) {
        let alone = Policy::new(json!({ "Statement": [statement] }).to_string());
        let admitted = admitted(&alone, &bucket.account, &Trusted::default());
        let outsiders = admitted.iter().filter(|one| one.needs_key());
        let names: Vec<String> = outsiders.map(|one| one.kind.to_string()).collect();
        if !names.is_empty() {
            let actions = statement.get("Action").or(statement.get("NotAction"));
            let actions = actions.map_or_else(|| "?".to_owned(), Value::to_string);
            found.push(shown(
                &format!("the policy lets in {}, for {actions}", names.join("; ")),
                CHARACTERS_MAX,
            ));
        }
    }
    let tls = [Denied::PlainHttp, Denied::OldTls];
    for (what, words) in tls.into_iter().zip(["plain HTTP", "TLS older than 1.2"]) {
        if denies(&before, what, bucket) && !denies(&after, what, bucket) {
            found.push(format!("requests over {words} are accepted"));
        }
    }
    let is_ours =
        |one: &Value| tls.iter().any(|what| meaning(&what.statement(bucket)) == meaning(one));
    for statement in old.iter().filter(|one| !is_among(&new, one) && !is_ours(one)) {
        if statement.get("Effect").is_some_and(|effect| effect == "Deny") {
            let text = format!("the policy does not deny this any more: {statement}");
            found.push(shown(&text, CHARACTERS_MAX));
        }
    }
    found
}

fn switched_off(now: PublicAccessBlock, to: PublicAccessBlock) -> Vec<String> {
    let pairs = now.switches().into_iter().zip(to.switches());
    let off = pairs.filter(|((_, before), (_, after))| *before && !after);
    off.map(|((name, _), _)| format!("{name} is switched off")).collect()
}

fn encryption(now: Option<&Encryption>, to: Option<&Encryption>, owner: &AccountId) -> Vec<String> {
    let mut found = Vec::new();
    let strength = |setting: Option<&Encryption>| match setting.map(|setting| &setting.algorithm) {
        None | Some(Algorithm::SseS3 | Algorithm::NotSaid | Algorithm::Other(_)) => 0,
        Some(Algorithm::Kms(key)) if key.owner(owner) == KeyOwner::Aws => 1,
        Some(Algorithm::Kms(_)) => 2,
        Some(Algorithm::Dsse(key)) if key.owner(owner) == KeyOwner::Aws => 3,
        Some(Algorithm::Dsse(_)) => 4,
    };
    if strength(to) < strength(now) {
        found.push("new objects are encrypted less strongly".to_owned());
    }
    let key = |setting: Option<&Encryption>| setting.and_then(|one| one.algorithm.key()).cloned();
    if let Some(Key::Named(name)) = key(to)
        && key(to) != key(now)
        && is_foreign(&name, owner)
    {
        found.push(shown(
            &format!("new objects need key {name} of another account"),
            CHARACTERS_MAX,
        ));
    }
    let blocks =
        |setting: Option<&Encryption>| setting.is_some_and(|one| one.sse_c == SseC::Blocked);
    if blocks(now) && !blocks(to) {
        found.push("uploads with SSE-C are accepted".to_owned());
    }
    found
}

/// The targets of other accounts.
fn targets(now: &Notifications, to: &Notifications, owner: &AccountId) -> Vec<String> {
    let (Some(before), Some(after)) = (now.configurations(), to.configurations()) else {
        return vec!["the notifications cannot be analyzed".to_owned()];
    };
    let new = after.iter().filter(|one| !before.contains(one));
    let foreign = new.filter(|one| one.texts().iter().any(|text| is_foreign(text, owner)));
    foreign
        .map(|one| shown(&format!("another account gets events: {one}"), CHARACTERS_MAX))
        .collect()
}

/// Whether this is an ARN of another account.
fn is_foreign(arn: &str, owner: &AccountId) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    arn.starts_with("arn:") && !account.is_empty() && account != owner.as_str()
}
