//! The capability sets of a task. Raw system calls, see [`super::identity`].

use std::ffi::c_ulong;

use nix::errno::Errno;

const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Drops every capability from the bounding set that is not in `keep` (bit n is capability n).
///
/// # Errors
/// EPERM without `CAP_SETPCAP`.
pub fn bound(keep: u64) -> nix::Result<()> {
    for capability in 0..64 {
        if keep & (1 << capability) != 0 {
            continue;
        }
        // SAFETY: an option that takes one number.
        let answer = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability as c_ulong, 0, 0, 0) };
        match Errno::result(answer) {
            // The first number the kernel does not know: there are no more.
            Err(Errno::EINVAL) => break,
            other => other?,
        };
    }
    Ok(())
}

/// Sets permitted and effective to `capabilities`, inheritable to none.
///
/// # Errors
/// EPERM for one that is not permitted now.
pub fn set(capabilities: u64) -> nix::Result<()> {
    let header = Header { version: VERSION_3, pid: 0 };
    let (low, high) = (capabilities as u32, (capabilities >> 32) as u32);
    let data = [
        Data { effective: low, permitted: low, inheritable: 0 },
        Data { effective: high, permitted: high, inheritable: 0 },
    ];
    // SAFETY: version 3 reads two elements.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) }).map(drop)
}

/// Empties the ambient set.
///
/// # Errors
/// None that is known.
pub fn clear_ambient() -> nix::Result<()> {
    // SAFETY: an option that takes numbers.
    let answer = unsafe {
        libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong,
            0 as c_ulong,
            0 as c_ulong,
            0 as c_ulong,
        )
    };
    Errno::result(answer).map(drop)
}

/// What the calling task is permitted; bit n is capability n.
///
/// # Errors
/// None that is known.
pub fn permitted() -> nix::Result<u64> {
    let header = Header { version: VERSION_3, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: version 3 writes two elements.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw const header, data.as_mut_ptr()) })?;
    Ok(u64::from(data[0].permitted) | u64::from(data[1].permitted) << 32)
}
