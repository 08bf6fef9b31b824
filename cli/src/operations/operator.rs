//! Acting as the stack's operator role, which alone writes suppressions to the ledger and receives from the queues.
//!
//! Settings of buckets are written with the caller's own permissions.

use anyhow::{Error, anyhow};
use s3guard_aws::identity::{Identity, Principal};
use s3guard_aws::stacks::Stack;
use s3guard_aws::{AwsError, Connection, Ledger, operator};
use s3guard_posture::contract::{output, parameter};
use s3guard_posture::{KeyArn, Region};

use crate::error;
use crate::error::Advice as _;
use crate::operations::session::{Account, AccountArgs, output_of};

/// The connection with the permissions of the operator role.
pub(crate) async fn connection(
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
) -> anyhow::Result<Connection> {
    let (caller, region) = (&account.caller, account.connection.region());
    let role = stack
        .outputs
        .get(output::OPERATOR_ROLE_ARN)
        .ok_or_else(|| anyhow!("stack `{}` has no operators, whose role this needs", args.stack))
        .hint(adding(args, caller, region, operators(stack)))?;
    operator::assume(&account.connection, role, caller).await.map_err(|error| {
        if !error.is_denied() {
            return error.into();
        }
        error::hinted(error, why_denied(args, caller, region, operators(stack), role))
    })
}

/// The ledger as operators write and read it.
pub(crate) async fn ledger(
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
) -> anyhow::Result<Ledger> {
    let connection = connection(args, account, stack).await?;
    ledger_by(&connection, args, account, stack)
}

/// The ledger for reading: with the caller's own permissions, or else as the operator role.
pub(crate) async fn readable_ledger(
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
) -> anyhow::Result<Ledger> {
    let own = ledger_by(&account.connection, args, account, stack)?;
    let denied = match check_readable(&own).await {
        Err(error) if error.is_denied() => error,
        _ => return Ok(own),
    };
    if !stack.outputs.contains_key(output::OPERATOR_ROLE_ARN) {
        return Err(unreadable(&denied, args, account));
    }
    match ledger(args, account, stack).await {
        Ok(ledger) => Ok(ledger),
        Err(error) => Err(error.context(format!("the ledger cannot be read: {denied}"))),
    }
}

/// Reads an object and lists others: any other error than a denial is found again by what reads the ledger.
async fn check_readable(ledger: &Ledger) -> Result<(), AwsError> {
    let (sweep, newest) = futures_util::join!(ledger.last_sweep(), ledger.newest(1, 1));
    sweep.map(drop).and(newest.map(drop))
}

fn unreadable(denied: &AwsError, args: &AccountArgs, account: &Account) -> Error {
    let adding = adding(args, &account.caller, account.connection.region(), "");
    let hint = format!(
        "the caller needs `{}` on {}, or the role of operators: {adding}",
        denied.action(),
        denied.object
    );
    error::hinted(denied.clone(), hint)
}

fn ledger_by(
    connection: &Connection,
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
) -> anyhow::Result<Ledger> {
    let bucket = output_of(stack, args, output::LEDGER_BUCKET_NAME, "ledger")?.parse()?;
    let key = output_of(stack, args, output::KEY_ARN, "key")?.parse()?;
    let ledger = Ledger::new(connection, bucket, account.caller.account.clone());
    Ok(ledger.encrypted_by(key).formerly_by(earlier_keys(stack)))
}

/// The keys of earlier stacks: what they encrypt in the ledger counts as well.
pub(crate) fn earlier_keys(stack: &Stack) -> Vec<KeyArn> {
    let all = stack.parameters.get(parameter::EARLIER_KEY_ARNS).map_or("", String::as_str);
    all.split(',').filter_map(|key| key.parse().ok()).collect()
}

/// The command that makes the caller an operator, beside those that there are.
fn adding(args: &AccountArgs, caller: &Identity, region: &Region, operators: &str) -> String {
    let command = |added: &[String]| {
        let operators = operators.split(',').map(str::trim).filter(|one| !one.is_empty());
        let all = operators.chain(added.iter().map(String::as_str));
        let flags: Vec<String> = all.map(|one| format!(" --operator '{one}'")).collect();
        format!("`s3guard deploy --stack {} --region {region}{}`", args.stack, flags.concat())
    };
    match caller.principal() {
        Principal::Root | Principal::Federated => {
            format!(
                "{} adds a role or a user, which the caller is not",
                command(&["ARN".to_owned()])
            )
        }
        Principal::User(arn) => format!("{} adds the caller", command(&[arn])),
        // A session's ARN does not have the role's path; the name is unique in an account, under any path.
        Principal::Role(name) => {
            let role = |path| {
                format!("arn:{}:iam::{}:role/{path}{name}", caller.partition(), caller.account)
            };
            format!("{} adds the caller", command(&[role(""), role("*/")]))
        }
    }
}

/// Why the caller may not assume the role, as far as it is known.
fn why_denied(
    args: &AccountArgs,
    caller: &Identity,
    region: &Region,
    operators: &str,
    role: &str,
) -> String {
    if caller.principal() == Principal::Root {
        return "the root user cannot assume a role: use a user or a role that is an operator"
            .to_owned();
    }
    format!(
        "the caller is {}, and the operators are {operators}: {}; the caller's own policies must allow \
         `sts:AssumeRole` on {role}",
        caller.arn,
        adding(args, caller, region, operators)
    )
}

/// The principals that may assume the role.
fn operators(stack: &Stack) -> &str {
    stack.parameters.get(parameter::OPERATOR_ARNS).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::config::ConfigArgs;

    fn args() -> AccountArgs {
        let stack = "s3guard".parse().unwrap();
        AccountArgs { stack, region: None, profile: None, config: ConfigArgs::default() }
    }

    fn caller(rest: &str) -> Identity {
        Identity { account: "111122223333".parse().unwrap(), arn: format!("arn:aws:{rest}") }
    }

    #[test]
    fn the_command_that_adds_the_caller_keeps_the_other_operators() {
        let region = "eu-west-1".parse().unwrap();
        let check = |rest: &str, operators: &str, expected: &str| {
            assert_eq!(adding(&args(), &caller(rest), &region, operators), expected);
        };
        let jane = "iam::111122223333:user/jane";
        check(
            jane,
            "",
            "`s3guard deploy --stack s3guard --region eu-west-1 --operator 'arn:aws:iam::111122223333:user/jane'` \
             adds the caller",
        );
        check(
            "sts::111122223333:assumed-role/ops/jane",
            "arn:aws:iam::111122223333:role/ci, arn:aws:iam::111122223333:user/a",
            "`s3guard deploy --stack s3guard --region eu-west-1 --operator 'arn:aws:iam::111122223333:role/ci' \
             --operator 'arn:aws:iam::111122223333:user/a' --operator 'arn:aws:iam::111122223333:role/ops' \
             --operator 'arn:aws:iam::111122223333:role/*/ops'` adds the caller",
        );
        check(
            "iam::111122223333:root",
            "",
            "`s3guard deploy --stack s3guard --region eu-west-1 --operator 'ARN'` adds a role or a user, which the \
             caller is not",
        );
        let denied = |rest: &str| why_denied(&args(), &caller(rest), &region, "x", "arn:role");
        assert!(denied("iam::111122223333:root").contains("the root user cannot assume a role"));
        let words = denied(jane);
        for part in
            ["user/jane, and the operators are x", "--operator 'x'", "`sts:AssumeRole` on arn:role"]
        {
            assert!(words.contains(part), "{words}");
        }
    }
}
