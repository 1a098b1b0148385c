//! Which of root's powers a container has.

use super::Network;

/// A set of capabilities: bit n is capability n of `capabilities(7)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities(pub u64);

const CHOWN: u32 = 0;
const DAC_OVERRIDE: u32 = 1;
const FOWNER: u32 = 3;
const FSETID: u32 = 4;
const KILL: u32 = 5;
const SETGID: u32 = 6;
const SETUID: u32 = 7;
const SETPCAP: u32 = 8;
const NET_BIND_SERVICE: u32 = 10;
const NET_RAW: u32 = 13;
const SYS_CHROOT: u32 = 18;
const MKNOD: u32 = 27;
const AUDIT_WRITE: u32 = 29;
const SETFCAP: u32 = 31;

/// Docker's list (`oci/caps/defaults.go` of moby).
const DOCKER: [u32; 14] = [
    CHOWN,
    DAC_OVERRIDE,
    FOWNER,
    FSETID,
    KILL,
    SETGID,
    SETUID,
    SETPCAP,
    NET_BIND_SERVICE,
    NET_RAW,
    SYS_CHROOT,
    MKNOD,
    AUDIT_WRITE,
    SETFCAP,
];

impl Capabilities {
    /// No capability at all.
    pub const NONE: Self = Self(0);

    /// Docker's fourteen.
    #[must_use]
    pub const fn docker() -> Self {
        let (mut set, mut index) = (0, 0);
        while index < DOCKER.len() {
            set |= 1 << DOCKER[index];
            index += 1;
        }
        Self(set)
    }

    /// Docker's fourteen for a network of the container's own. With the host's network without `NET_RAW`
    /// and `NET_BIND_SERVICE`: there they would reach the host's neighbours and its reserved ports.
    #[must_use]
    pub const fn for_network(network: Network) -> Self {
        match network {
            Network::None => Self::docker(),
            Network::Host => Self(Self::docker().0 & !(1 << NET_RAW | 1 << NET_BIND_SERVICE)),
        }
    }

    /// Whether capability number `capability` is in it.
    #[must_use]
    pub const fn contains(self, capability: u32) -> bool {
        capability < 64 && self.0 & (1 << capability) != 0
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::docker()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_prints_the_same_mask() {
        // `docker run busybox grep CapBnd /proc/self/status` with its defaults.
        assert_eq!(Capabilities::docker().0, 0xa804_25fb);
    }

    #[test]
    fn the_host_network_costs_two() {
        let host = Capabilities::for_network(Network::Host);
        assert_eq!(host.0.count_ones(), 12);
        assert!(!host.contains(NET_RAW) && !host.contains(NET_BIND_SERVICE));
        assert_eq!(Capabilities::for_network(Network::None), Capabilities::docker());
    }
}
