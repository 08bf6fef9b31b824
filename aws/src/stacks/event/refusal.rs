//! AWS's message for a denied action: who, which action, on what, and why.

use crate::error::denial;

/// A denied action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The caller, as an ARN.
    pub who: Option<String>,
    /// The action, as `sqs:CreateQueue`.
    pub action: Option<String>,
    /// The resource.
    pub resource: Option<String>,
    /// Why, as far as AWS says it.
    pub why: Option<&'static str>,
    /// The details, if AWS gives them in a form that only `DecodeAuthorizationMessage` of STS can read.
    pub encoded: Option<String>,
}

impl Refusal {
    /// Reads the message, because there is no code.
    ///
    /// Written for the samples of the IAM User Guide, "Access denied error message examples":
    ///
    /// - "User: arn:… is not authorized to perform: sqs:CreateQueue on resource: arn:… because no identity-based policy
    ///   allows the sqs:CreateQueue action"
    ///
    /// and of the EC2 API Reference, `Client.UnauthorizedOperation`:
    ///
    /// - "You are not authorized to perform this operation. Encoded authorization failure message: 9l5…"
    pub(super) fn read(reason: &str) -> Option<Self> {
        let action = action(reason).map(str::to_owned);
        let encoded = after(reason, "Encoded authorization failure message: ");
        if action.is_none() && encoded.is_none() {
            return None;
        }
        Some(Self {
            who: after(reason, "User: ").or_else(|| after(reason, "principal: ")),
            action,
            resource: after(reason, " on resource: "),
            why: denial::explain(reason),
            encoded,
        })
    }
}

/// The action that was denied.
pub(super) fn action(reason: &str) -> Option<&str> {
    let (_, rest) = reason.split_once("is not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?;
    Some(action.trim_end_matches([',', '.', '"'])).filter(|action| action.contains(':'))
}

/// The word after these words.
fn after(reason: &str, words: &str) -> Option<String> {
    let (_, rest) = reason.split_once(words)?;
    let word = rest.split_whitespace().next()?;
    Some(word.trim_matches([',', '"', ')', '.', ';']).to_owned()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_action_resource_and_reason_are_read() {
        let reason = "Resource handler returned message: \"User: arn:aws:iam::111122223333:user/u is not authorized to \
                      perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:111122223333:q because no \
                      identity-based policy allows the sqs:CreateQueue action (Service: Sqs, Status Code: 403)\" \
                      (RequestToken: 1, HandlerErrorCode: AccessDenied)";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            Refusal::read(reason),
            Some(Refusal {
                who: some("arn:aws:iam::111122223333:user/u"),
                action: some("sqs:CreateQueue"),
                resource: some("arn:aws:sqs:eu-west-1:111122223333:q"),
                why: denial::explain("because no identity-based policy allows"),
                encoded: None,
            })
        );
        let quoted = "User: arn is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k\" with an \
                      explicit deny in a service control policy";
        let refusal = Refusal::read(quoted).unwrap();
        assert_eq!(refusal.resource, some("arn:aws:s3:::b/k"));
        assert!(refusal.why.is_some_and(|why| why.starts_with("a service control policy")));
    }

    #[test]
    fn details_that_only_sts_can_read_are_named_as_such() {
        let reason = "API: ec2:RunInstances You are not authorized to perform this operation. Encoded authorization \
                      failure message: 9l5aBc_d-e";
        let refusal = Refusal::read(reason).unwrap();
        assert_eq!(refusal.encoded.as_deref(), Some("9l5aBc_d-e"));
        assert_eq!((refusal.action, refusal.who), (None, None));
    }

    #[test]
    fn another_failure_is_no_refusal() {
        assert_eq!(Refusal::read("Queue already exists"), None);
        assert_eq!(Refusal::read("it is not authorized to perform: magic"), None);
    }
}
