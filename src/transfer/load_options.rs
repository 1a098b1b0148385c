//! How images are taken in.

use super::Limits;
use super::progress::Report;
use crate::layer::OverlayFormat;
use crate::sys::Interrupt;

/// How images are taken in.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// How deletions are written into parts.
    pub format: OverlayFormat,
    /// Bounds on what is believed of the source.
    pub limits: Limits,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Give files the owners that the layers name; impossible where only one id is mapped.
    pub owners: bool,
    /// How many layers are unpacked at a time; `None` for as many as there are processors.
    pub threads: Option<usize>,
    /// Who hears how far it is.
    pub report: Report,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            format: OverlayFormat::Trusted,
            limits: Limits::default(),
            interrupt: Interrupt,
            owners: true,
            threads: None,
            report: Report::default(),
        }
    }
}
