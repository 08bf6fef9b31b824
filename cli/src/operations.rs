//! What the commands do: no command line here, and nothing is printed but through `ui`.

pub(crate) mod audit;
pub(crate) mod deploy;
pub(crate) mod destroy;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod guardrails;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod interrupt;
pub(crate) mod logs;
pub(crate) mod operator;
pub(crate) mod pause;
pub(crate) mod permissions;
pub(crate) mod redrive;
pub(crate) mod regions;
pub(crate) mod replay;
pub(crate) mod rollback;
pub(crate) mod rules;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod subscribe;
pub(crate) mod subscribers;
pub(crate) mod sweep;
pub(crate) mod undo;
pub(crate) mod verify;
