//! Accounts that `cargo demo account` keeps, as other processes find them: a file for each.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{Account, REGION, Server, python};

/// How an account can be reached.
#[derive(Serialize, Deserialize)]
struct State {
    endpoint: String,
    account: String,
    region: String,
}

/// An account that other processes find until this is dropped.
#[derive(Debug)]
pub struct Kept {
    account: Account,
    file: PathBuf,
}

impl Kept {
    /// An account of the server, with a number that no other kept account has.
    pub fn new(server: &Server) -> Result<Self> {
        let folder = folder();
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        loop {
            let account = server.new_account();
            let path = folder.join(format!("{}.json", account.number()));
            if read(&path).is_some_and(|other| !other.is_running()) {
                let _ = fs::remove_file(&path);
            }
            let mut file = match File::create_new(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            };
            let state = State {
                endpoint: account.endpoint().to_owned(),
                account: account.number().to_owned(),
                region: account.region().to_owned(),
            };
            file.write_all(&serde_json::to_vec(&state)?)?;
            return Ok(Self { account, file: path });
        }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// The account that is meant: that of the environment's endpoint, else the kept one with this number, else the only kept one.
pub fn find(number: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Account> {
    if let Some(endpoint) = variable("AWS_ENDPOINT_URL") {
        let of_endpoint = || {
            let kept = all().into_iter().find(|account| account.endpoint() == endpoint);
            kept.map(|account| account.number().to_owned())
        };
        let number = number.map(str::to_owned).or_else(of_endpoint);
        let number = number.filter(|number| is_account(number));
        let account = number.map(|number| {
            let region = variable("AWS_REGION").unwrap_or_else(|| REGION.to_owned());
            Account::new(endpoint.clone(), number, region)
        });
        return account.filter(Account::is_running).with_context(|| {
            format!(
                "no emulated account answers at `{endpoint}` (AWS_ENDPOINT_URL): start one with \
                 `cargo demo account`, and set the variables that it prints"
            )
        });
    }
    let mut kept = all();
    kept.retain(|account| number.is_none_or(|number| account.number() == number));
    let numbers = |of: &[Account]| of.iter().map(Account::number).collect::<Vec<_>>().join(", ");
    let named = numbers(&kept);
    kept.retain(Account::is_running);
    match (kept.pop(), kept.is_empty(), named.is_empty()) {
        (Some(account), true, _) => Ok(account),
        (Some(last), false, _) => {
            kept.push(last);
            bail!("several accounts are running: use `--account NUMBER`, one of {}", numbers(&kept))
        }
        (None, _, true) => bail!("no such account is running: start one with `cargo demo account`"),
        (None, _, false) => {
            bail!("account {named} has ended: start another with `cargo demo account`")
        }
    }
}

fn folder() -> PathBuf {
    python::cache().join("emulator-accounts")
}

/// All kept accounts, also those whose process has ended without removing them.
fn all() -> Vec<Account> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let mut accounts: Vec<Account> = entries.filter_map(|entry| read(&entry.path())).collect();
    accounts.sort_by(|a, b| a.number().cmp(b.number()));
    accounts
}

fn read(file: &Path) -> Option<Account> {
    let state: State = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    Some(Account::new(state.endpoint, state.account, state.region))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
