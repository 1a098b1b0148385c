//! Record locks that die with their process.
