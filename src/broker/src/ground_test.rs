//! Directories as people leave them.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use klamm_env::{Clock, DiskMem};

use super::*;

const META: &str = "version=1\ncluster.id=A\nnode.id=1\n";

fn disk(files: &[(&str, &str)]) -> DiskMem {
    let disk = DiskMem::new(Clock::manual(0));
    for (path, text) in files {
        let path = Path::new(path);
        disk.create_dir_all(path.parent().unwrap()).unwrap();
        disk.replace(path, text.as_bytes()).unwrap();
    }
    disk
}

fn wish(value: &str, strict: bool) -> ClusterWish {
    ClusterWish { value: value.to_owned(), strict }
}

fn look(disk: &DiskMem, dirs: &[&str], wish: Option<ClusterWish>) -> Result<Option<String>, String> {
    let dirs: Vec<PathBuf> = dirs.iter().map(PathBuf::from).collect();
    survey(disk, &dirs, NodeId(1), wish.as_ref()).map_err(|error| error.to_string())
}

#[test]
fn a_fresh_directory_takes_the_wish_and_a_stored_id_wins_over_a_default() {
    let empty = disk(&[]);
    assert_eq!(look(&empty, &["/d"], None), Ok(None));
    assert_eq!(look(&empty, &["/d"], Some(wish("B", true))), Ok(Some("B".to_owned())));
    let formatted = disk(&[("/d/meta.properties", META)]);
    for strict in [true, false] {
        assert_eq!(look(&formatted, &["/d"], Some(wish("A", strict))), Ok(Some("A".to_owned())));
    }
    assert_eq!(look(&formatted, &["/d"], Some(wish("B", false))), Ok(Some("A".to_owned())));
    assert_eq!(
        look(&formatted, &["/d"], Some(wish("B", true))),
        Err("Invalid cluster.id in: /d/meta.properties. Expected B, but read A".to_owned())
    );
    for bad in ["", "a b", "\n"] {
        assert!(look(&formatted, &["/d"], Some(wish(bad, false))).unwrap_err().contains("random-uuid"), "{bad:?}");
    }
}

#[test]
fn directories_of_others_are_refused() {
    let node = disk(&[("/d/meta.properties", "version=1\ncluster.id=A\nnode.id=2\n")]);
    assert!(look(&node, &["/d"], None).unwrap_err().contains("belongs to node 2, not to node 1"));
    let two = disk(&[("/d/meta.properties", META), ("/e/meta.properties", "version=1\ncluster.id=B\nnode.id=1\n")]);
    assert!(look(&two, &["/d", "/e"], None).unwrap_err().contains("/e belongs to cluster B, not to A"));
    let broken = disk(&[("/d/meta.properties", "version=9\n")]);
    assert!(look(&broken, &["/d"], None).unwrap_err().starts_with("/d/meta.properties: "));
}

#[test]
fn the_metadata_of_a_real_kafka_is_refused_and_klamms_own_is_not() {
    for name in ["00000000000000000000.log", "quorum-state"] {
        let kafkas = disk(&[("/d/meta.properties", META), (&format!("/d/__cluster_metadata-0/{name}"), "")]);
        let told = look(&kafkas, &["/d"], None).unwrap_err();
        assert!(told.starts_with("/d/__cluster_metadata-0: ") && told.contains("Apache Kafka"), "{told}");
        let told = look(&kafkas, &["/fresh", "/d"], None).unwrap_err();
        assert!(told.contains("Apache Kafka"), "also in another than the first: {told}");
    }
    let own = disk(&[("/d/meta.properties", META), ("/d/__cluster_metadata-0/db", ""), ("/d/t-0/x", "")]);
    assert_eq!(look(&own, &["/d"], None), Ok(Some("A".to_owned())));
}

#[test]
fn partitions_without_metadata_are_refused() {
    let zookeepers = disk(&[("/d/meta.properties", "version=0\nbroker.id=1\ncluster.id=A\n"), ("/d/t-0/x", "")]);
    assert!(look(&zookeepers, &["/d"], None).unwrap_err().starts_with("/d/t-0: "));
    let lost = disk(&[("/e/meta.properties", META), ("/e/t-0/x", "")]);
    assert!(look(&lost, &["/d", "/e"], None).unwrap_err().starts_with("/e/t-0: "));
    let beside = disk(&[("/d/lost+found/x", ""), ("/d/other/x", "")]);
    assert_eq!(look(&beside, &["/d"], None), Ok(None), "other folders are nobody's partitions");
}
