//! `s3guard name`: rates names of buckets before they are used.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use s3guard_audit::names::Known;
use s3guard_posture::{AccountId, Region};

use crate::args::parsed;
use crate::exit::Exit;
use crate::operations::name::{GUESSABLE_BELOW, Home, RatedNames};
use crate::ui::output::Output;

/// Rate names of buckets before they are used
///
/// Says how many guesses a name takes to someone who knows your keywords and uses public lists, which
/// part of it adds what, and whether others can have the name. A guessed name is no access, but tells
/// that the bucket exists; a name that others can have is a risk wherever it is still used after its
/// bucket is gone. Proposes better names. Needs no account and no network.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Names to rate
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Word that leads to you: company, product, alias of the account; can be repeated, the best known
    /// first
    #[arg(long = "keyword", value_name = "WORD", value_delimiter = ',')]
    keywords: Vec<String>,

    /// Account that the buckets are to be in, to propose a name that only it can have
    #[arg(long, value_name = "ID", value_parser = parsed::<AccountId>("give the 12 digits"))]
    account: Option<AccountId>,

    /// Region that the buckets are to be in
    #[arg(long, value_name = "REGION", value_parser = parsed::<Region>("give a name such as `eu-west-1`"))]
    region: Option<Region>,

    /// Exit with 3 if a name has a lower score than this, from 1 to 4
    #[arg(long, value_name = "SCORE", default_value_t = GUESSABLE_BELOW)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=4))]
    fail_below: u8,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let account = args.account.as_ref();
    let known = Known::new(args.keywords.iter().cloned(), account.map(ToString::to_string));
    let home = Home { account, region: args.region.as_ref() };
    // The keys of each state are random.
    let random = || RandomState::new().hash_one(());
    let rated = RatedNames::new(&args.names, &known, home, random);
    output.result(&rated)?;
    Ok(if rated.has_below(args.fail_below) { Exit::Findings } else { Exit::Done })
}
