//! Owners and identities in a container that has one user id only.
//!
//! Where the user has no range of subordinate ids, the kernel knows user 0 of the container and no other: `chown`
//! to anybody else fails, and so does becoming anybody else. Package managers do both all the time. So
//! the container's filter hands these calls over ([`super::seccomp::docker_default_single_id`]), and a
//! thread of the engine answers them for as long as the container lives:
//!
//! ```text
//! request.rs      what a call asks for, from its name and arguments
//! reply.rs        what becomes of it
//! credentials.rs  who a process believes to be, and what it may become
//! supervisor.rs   takes the calls, knows every process's credentials
//! files.rs        finds the file that a caller means, in the caller's own view of the container
//! owner.rs        chown, stat, mknod and what makes files: by records (crate::layer::owners)
//! copy_up.rs      what copies files up: their records come too
//! attributes.rs   listxattr: without the engine's own
//! ```
//!
//! What the engine trusts. The caller is hostile and may change its memory, its directories and the tree at any
//! time. Paths are read once; a file is found once, from a thread whose root is the container's, and is
//! used through the descriptor got for it; what was found through `/proc/PID` counts only if
//! the caller still waits after that. The engine writes to the caller's memory, to files' attributes on the
//! container's own root mount, and to the records of the container's own writable part: nothing that the
//! container could not have done to itself. A call that the engine lets the kernel carry out is judged by the
//! kernel alone.
//!
//! What stays different from real root: the process remains user 0 for the kernel, so it may do what its
//! pretended user could not; 32-bit programs are told the disk's owners; files made through `openat2` or by `bind`
//! belong to root; who is given a terminal, or a file of a temporary file system, is not remembered.

mod attributes;
mod copy_up;
mod credentials;
mod files;
mod owner;
mod reply;
mod request;
mod supervisor;

pub use owner::Records;
pub use supervisor::Supervisor;
