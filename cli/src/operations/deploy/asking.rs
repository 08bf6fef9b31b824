//! CloudFormation asked what each deployment would do: all Regions answer, or none is gone on with.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use s3guard_aws::stacks::change_set::Kind;
use s3guard_aws::stacks::{ChangeSetRequest, Manner};
use s3guard_posture::config::Config;

use crate::args::wanted::WantedArgs;
use crate::operations::deploy::plan;
use crate::operations::deploy::plan::Plan;
use crate::operations::deploy::proposal::{Answer, Proposal};
use crate::operations::deploy::target::Target;
use crate::operations::deploy::{outcome, template, trail, upload};
use crate::operations::session;
use crate::package;
use crate::package::Package;
use crate::ui::output::Output;

/// How to ask.
pub(crate) struct Asking<'a> {
    /// How a change is carried out, of a new stack or of one that is there.
    pub(crate) manner: &'a dyn Fn(bool) -> Manner,
    /// Whether the package is uploaded, too: a change set is worked out without it, and cannot be carried out.
    pub(crate) uploads: bool,
    /// What the change sets are called.
    pub(crate) token: &'a str,
}

/// Thinks every deployment through, then has CloudFormation say what each would do.
pub(crate) async fn propose(
    targets: Vec<Target>,
    wanted: &WantedArgs,
    configuration: Option<&Config>,
    asking: &Asking<'_>,
    output: &Output,
) -> anyhow::Result<Vec<Answer>> {
    let packages = packages(&targets, wanted, configuration).await?;
    let guards = trail::of_each(&targets, &wanted.guard, configuration).await;
    let plans = targets.into_iter().zip(&guards).map(|(target, guard)| async {
        let architecture = plan::architecture(wanted.arch, &target.previous())?;
        Plan::make(target, guard, wanted, configuration, &packages[architecture.as_str()]).await
    });
    let plans = outcome::all_or_none(join_all(plans).await, output)?;
    let answers = plans.into_iter().map(|plan| async {
        if plan.is_unchanged {
            return Ok(Answer::Empty(Box::new(plan.target)));
        }
        let architecture = plan::architecture(wanted.arch, &plan.target.previous())?;
        ask(plan, wanted, &packages[architecture.as_str()], asking).await
    });
    outcome::all_or_withdrawn(join_all(answers).await, asking.token, output).await
}

/// One package for each processor that is used: the same zip for every Region.
async fn packages(
    targets: &[Target],
    wanted: &WantedArgs,
    configuration: Option<&Config>,
) -> anyhow::Result<BTreeMap<&'static str, Package>> {
    let json = configuration.map(Config::to_json);
    let mut packages = BTreeMap::new();
    for target in targets {
        let architecture = plan::architecture(wanted.arch, &target.previous())?;
        if packages.contains_key(architecture.as_str()) {
            continue;
        }
        let (source, json) = (wanted.source(), json.clone());
        let package =
            session::blocking(move || package::make(&source, architecture, json.as_deref()))
                .await?;
        packages.insert(architecture.as_str(), package);
    }
    Ok(packages)
}

/// Uploads what the stack is made from, and asks for the change set.
async fn ask(
    plan: Plan,
    wanted: &WantedArgs,
    package: &Package,
    asking: &Asking<'_>,
) -> anyhow::Result<Answer> {
    let target = &plan.target;
    let (account, output) = (&target.account, &target.output);
    let bucket = upload::bucket(wanted.code_bucket.as_ref(), account, output).await?;
    if asking.uploads {
        upload::upload(&bucket, package, output).await?;
    }
    target.remove_shell(asking.token).await?;
    let request = ChangeSetRequest {
        stack: target.name.clone(),
        name: asking.token.to_owned(),
        kind: if target.is_new() { Kind::Create } else { Kind::Update },
        template: template::place(plan.template.to_string(), &bucket, output).await?,
        parameters: plan.parameters.clone(),
        tags: plan.tags.clone(),
        manner: (asking.manner)(target.is_new()),
    };
    Proposal::ask(plan, &request).await
}
