//! Entering a user namespace of our own.
