//! What is requested of a deployment.

use s3guard_posture::config::Config;

use crate::args::deploy_options::OptionArgs;
use crate::args::wanted::WantedArgs;
use crate::operations::interrupt::Run;
use crate::ui::output::Output;

/// What is requested, and how.
pub(crate) struct Asking<'a> {
    pub(crate) wanted: &'a WantedArgs,
    pub(crate) configuration: Option<&'a Config>,
    /// How it is carried out; `None` only compares, and does not upload the package.
    pub(crate) options: Option<&'a OptionArgs>,
    pub(crate) run: &'a Run,
    pub(crate) output: &'a Output,
}
