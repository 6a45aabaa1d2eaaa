//! By which addresses a container's host comes in.
//!
//! ```text
//!   /proc/net/route (numbers as the machine writes them)
//!   Iface  Destination  Gateway   Flags  ...  Mask
//!   eth0   00000000     010012AC  0003   ...  00000000     default by 172.18.0.1
//!   eth0   000012AC     00000000  0001   ...  0000FFFF     attached: 172.18.0.0/16, whose first address is its gateway
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use klamm_env::Disk;

/// Files that engines put into containers (Docker, Podman).
const MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

const ROUTES: &str = "/proc/net/route";
const ROUTES_V6: &str = "/proc/net/ipv6_route";

/// The host's side of Docker Desktop's network, by which published ports come in on some of its versions.
const DOCKER_DESKTOP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 65, 1));

/// The gateways of the networks that this container is in; none outside of a container. `in_image` says that the process
/// was started by a container image's script, whatever the engine.
pub fn find(disk: &dyn Disk, in_image: bool) -> Vec<IpAddr> {
    if !in_image && !MARKS.iter().any(|mark| disk.exists(Path::new(mark))) {
        return Vec::new();
    }
    let mut found = from_routes(&read(disk, ROUTES));
    found.extend(from_routes_v6(&read(disk, ROUTES_V6)));
    found.push(DOCKER_DESKTOP);
    found.sort();
    found.dedup();
    found
}

/// A table of the kernel's, if there is one.
fn read(disk: &dyn Disk, path: &str) -> String {
    disk.read(Path::new(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The gateways that routes name, and the first address of each network that is attached.
fn from_routes(table: &str) -> Vec<IpAddr> {
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let number = |column: usize| u32::from_str_radix(columns.get(column)?, 16).ok();
        let address = |number: u32| Ipv4Addr::from(number.to_ne_bytes());
        let (destination, gateway, mask) = (number(1)?, number(2)?, u32::from(address(number(7)?)));
        if gateway != 0 {
            return Some(IpAddr::V4(address(gateway)));
        }
        // A network of one or two addresses has no gateway of its own.
        let is_network = mask != 0 && mask < u32::MAX - 1;
        is_network.then(|| IpAddr::V4(Ipv4Addr::from(u32::from(address(destination)) | 1)))
    };
    table.lines().filter_map(route).collect()
}

/// The gateways of default routes: the next hop is the fifth column, the prefix length of the destination the second.
fn from_routes_v6(table: &str) -> Vec<IpAddr> {
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let address = |column: usize| u128::from_str_radix(columns.get(column)?, 16).ok().map(Ipv6Addr::from);
        let (destination, next_hop) = (address(0)?, address(4)?);
        let is_default = destination.is_unspecified() && columns.get(1) == Some(&"00");
        (is_default && !next_hop.is_unspecified()).then_some(IpAddr::V6(next_hop))
    };
    table.lines().filter_map(route).collect()
}

#[cfg(test)]
mod tests {
    use klamm_env::{Clock, DiskMem};

    use super::*;

    /// As a container in two networks has it, on a machine that writes the lowest byte first.
    const TABLE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
         eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
         eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
         eth1\t0005A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
         eth2\t01020304\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n\
         nonsense\nx\ty\tz\n";

    const TABLE_V6: &str = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 \
                            00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n\
                            00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                            fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n\
                            00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                            00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\nnonsense\n";

    fn disk(files: &[(&str, &str)]) -> DiskMem {
        let disk = DiskMem::new(Clock::manual(0));
        for (path, text) in files {
            let path = Path::new(path);
            disk.create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            disk.replace(path, text.as_bytes()).expect("a file is written");
        }
        disk
    }

    fn texts(found: &[IpAddr]) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_container_knows_the_gateways_of_its_networks() {
        let docker = disk(&[("/.dockerenv", ""), (ROUTES, TABLE), (ROUTES_V6, TABLE_V6)]);
        assert_eq!(texts(&find(&docker, false)), ["172.18.0.1", "192.168.5.1", "192.168.65.1", "fd00::1"]);
    }

    #[test]
    fn outside_of_a_container_there_are_none() {
        assert!(find(&disk(&[(ROUTES, TABLE)]), false).is_empty());
        assert_eq!(texts(&find(&disk(&[]), true)), ["192.168.65.1"], "without a table of routes");
        assert_eq!(texts(&find(&disk(&[("/run/.containerenv", "")]), false)), ["192.168.65.1"]);
    }
}
