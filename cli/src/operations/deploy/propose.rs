//! CloudFormation asked what each deployment would do: all Regions answer, or none is gone on with.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use s3guard_aws::stacks::change_set::Kind;
use s3guard_aws::stacks::{ChangeSetRequest, Manner};
use s3guard_posture::config::Config;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::operations::deploy::plan;
use crate::operations::deploy::plan::Plan;
use crate::operations::deploy::proposal::Answer;
use crate::operations::deploy::target::Target;
use crate::operations::deploy::{all_or_none, trail, upload};
use crate::operations::interrupt::Run;
use crate::operations::regions::ByRegion;
use crate::operations::session;
use crate::package;
use crate::package::Package;
use crate::ui::output::Output;

/// What is asked for, and how.
pub(crate) struct Asking<'a> {
    pub(crate) wanted: &'a WantedArgs,
    pub(crate) configuration: Option<&'a Config>,
    /// How it is to be carried out. Without it nothing is: the package is not uploaded, either.
    pub(crate) options: Option<&'a OptionArgs>,
    pub(crate) run: &'a Run,
    pub(crate) output: &'a Output,
}

/// Plans every deployment, then has CloudFormation say what each would do. If one is refused, the change sets of the
/// other Regions are deleted.
pub(crate) async fn propose(
    targets: Vec<Target>,
    asking: &Asking<'_>,
) -> anyhow::Result<Vec<Answer>> {
    let Asking { wanted, configuration, output, run, .. } = *asking;
    let packages = packages(&targets, wanted, configuration).await?;
    let guards = trail::of_each(&targets, &wanted.guard, configuration).await;
    let plans = targets.into_iter().zip(&guards).map(|(target, guard)| {
        let region = target.region().to_string();
        let package = package_of(&target, wanted, &packages);
        let plan =
            package.and_then(|package| Plan::make(target, guard, wanted, configuration, package));
        (region, plan)
    });
    let plans = all_or_none(plans.collect::<ByRegion<_>>(), output)?;
    let answers = plans.into_iter().map(|plan| async {
        let region = plan.target.region().to_string();
        (region, answer(plan, asking, &packages).await)
    });
    let answers: ByRegion<Answer> = join_all(answers).await.into_iter().collect();
    if !answers.failed.is_empty() {
        for answer in &answers.done {
            answer.withdraw(&run.token).await;
        }
    }
    all_or_none(answers, output)
}

/// The zip of each processor that is used, the same for every Region.
type Packages = BTreeMap<&'static str, Package>;

async fn packages(
    targets: &[Target],
    wanted: &WantedArgs,
    configuration: Option<&Config>,
) -> anyhow::Result<Packages> {
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

fn package_of<'a>(
    target: &Target,
    wanted: &WantedArgs,
    packages: &'a Packages,
) -> anyhow::Result<&'a Package> {
    Ok(&packages[plan::architecture(wanted.arch, &target.previous())?.as_str()])
}

/// Uploads what the stack is made from, and asks for the change set, unless nothing changes.
async fn answer(plan: Plan, asking: &Asking<'_>, packages: &Packages) -> anyhow::Result<Answer> {
    if plan.is_unchanged {
        return Ok(Answer { target: plan.target, proposal: None });
    }
    let Asking { wanted, run, .. } = asking;
    let target = &plan.target;
    let (account, output) = (&target.account, &target.output);
    let bucket = upload::bucket(wanted.code_bucket.as_ref(), account, output).await?;
    let mut manner =
        Manner { reverts_drift: wanted.revert_drift, imports: true, ..Manner::default() };
    if let Some(options) = asking.options {
        manner = options.manner(target.is_new(), wanted);
        upload::package(&bucket, package_of(target, wanted, packages)?, output).await?;
    }
    target.remove_shell(run).await?;
    let request = ChangeSetRequest {
        stack: target.name.clone(),
        name: run.token.clone(),
        kind: if target.is_new() { Kind::Create } else { Kind::Update },
        template_url: upload::template(plan.template.to_string(), &bucket, output).await?,
        parameters: plan.parameters.clone(),
        tags: plan.tags.clone(),
        manner,
    };
    Answer::ask(plan, &request).await
}
