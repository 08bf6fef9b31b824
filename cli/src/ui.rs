//! What a person sees.

pub(crate) mod lines;
pub(crate) mod output;
mod screen;
pub(crate) mod text;
