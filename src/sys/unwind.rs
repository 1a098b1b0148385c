//! The stack's unwinder out of gcc's static library instead of `libgcc_s.so`.
//!
//! A shared library more is found, mapped, relocated and initialised at every start, and this one asks the processor
//! for all its features, which a virtual machine answers slowly: together one twentieth of `plywood -e 1`.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {}
