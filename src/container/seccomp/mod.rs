//! Docker's default filter, compiled.
