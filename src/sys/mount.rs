//! Mounts by descriptor, and the older way.
