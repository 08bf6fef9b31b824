//! What is wrong with a function of the guard.

use s3guard_aws::code_bucket;
use s3guard_aws::function_state::{Function, Source};

/// What is wrong with a function, if something is: with itself, with its code, or with what calls it.
pub(crate) fn trouble(
    function: &Function,
    sources: Option<&[Source]>,
    code_key: Option<&str>,
) -> Option<String> {
    // What Lambda is about to change is not judged yet.
    let settled = Some(function).filter(|function| !function.is_changing);
    let mut all: Vec<String> = settled.and_then(|one| one.trouble.clone()).into_iter().collect();
    let code_key = code_key.filter(|_| settled.is_some());
    if code_key.and_then(checksum_of).is_some_and(|checksum| checksum != function.code_sha256) {
        all.push(
            "its code is not the one that the stack deployed: `s3guard deploy --revert-drift` restores it"
                .to_owned(),
        );
    }
    match sources {
        Some([]) => all.push(
            "nothing calls it: its event source mapping was deleted; `s3guard deploy --revert-drift` restores it"
                .to_owned(),
        ),
        Some(sources) if !sources.iter().any(|source| source.state == "Enabled") => {
            all.extend(sources.iter().filter_map(|source| match source.state.as_str() {
                "Disabled" | "Disabling" => Some(format!(
                    "its event source mapping is disabled: `aws lambda update-event-source-mapping --uuid {} --enabled`",
                    source.id
                )),
                // It is about to be enabled.
                _ => None,
            }));
        }
        Some(_) | None => {}
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// The checksum in the key of a package, as Lambda writes it; a key that s3guard has not chosen has none.
fn checksum_of(key: &str) -> Option<String> {
    let mut parts = key.strip_suffix(".zip")?.split('-');
    let mut bytes = [0; 32];
    parts.find(|part| hex::decode_to_slice(part, &mut bytes).is_ok())?;
    Some(code_bucket::checksum(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_trouble_is_its_own_its_codes_or_its_callers() {
        let key = format!("s3guard/bootstrap-x86_64-{}-configured.zip", "00".repeat(32));
        let deployed = code_bucket::checksum(&[0; 32]);
        let function = |trouble: Option<&str>, code: &str| Function {
            trouble: trouble.map(str::to_owned),
            code_sha256: code.to_owned(),
            ..Function::default()
        };
        let source = |state: &str| Source { id: "uuid-1".to_owned(), state: state.to_owned() };
        let check = |function: &Function, sources: Option<&[Source]>, key: &str, words: &str| {
            let found = trouble(function, sources, Some(key)).unwrap_or_default();
            assert!(
                found.contains(words) && found.is_empty() == words.is_empty(),
                "{words}: {found}"
            );
        };
        let well = function(None, &deployed);
        let enabled = [source("Enabled")];
        check(&well, Some(&enabled), &key, "");
        check(&well, None, &key, "");
        check(&well, Some(&[source("Enabling")]), &key, "");
        check(&well, Some(&[source("Disabled"), source("Enabled")]), &key, "");
        check(&well, Some(&[source("Disabled")]), &key, "--uuid uuid-1 --enabled");
        check(&well, Some(&[]), &key, "nothing calls it");
        check(&function(None, "other="), Some(&enabled), &key, "its code is not");
        check(&function(None, "other="), Some(&enabled), "mine.zip", "");
        check(&function(Some("no key"), &deployed), Some(&enabled), &key, "no key");
        let changing = Function { is_changing: true, ..function(Some("pending"), "other=") };
        check(&changing, Some(&enabled), &key, "");
        check(&changing, Some(&[]), &key, "nothing calls it");
        let all = trouble(&function(Some("no key"), "other="), Some(&[]), Some(&key)).unwrap();
        assert_eq!(all.matches("; ").count(), 3, "{all}");
    }
}
