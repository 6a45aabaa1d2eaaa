//! `meta.properties` as kafka-storage reads it, with its words for what is wrong (`MetaProperties.Builder`).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use klamm_base::TopicId;
use klamm_env::{Disk, DiskOs};
use klamm_settings::parse_properties;

/// Whose a directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    /// 0 for a directory of a broker with ZooKeeper, else 1.
    pub(super) version: i32,
    pub(super) cluster_id: Option<String>,
    pub(super) node_id: Option<i32>,
    directory_id: Option<String>,
}

/// The file of a directory.
pub(super) fn meta_path(dir: &str) -> String {
    Path::new(dir).join("meta.properties").display().to_string()
}

/// Reads a directory's file; `None` if there is none.
///
/// # Errors
/// What is wrong with it: the class and the message of Kafka's exception.
pub(super) fn read(dir: &str) -> Result<Option<Meta>, (String, String)> {
    let path = meta_path(dir);
    let bytes = match DiskOs.read(Path::new(&path)) {
        Ok(bytes) => bytes,
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
        Err(problem) if problem.kind() == ErrorKind::PermissionDenied => {
            return Err(("java.nio.file.AccessDeniedException".to_owned(), path));
        }
        Err(problem) => {
            let why = problem.to_string();
            let why = why.split(" (os error").next().unwrap_or(&why);
            let why = why.strip_prefix(&format!("{path}: ")).unwrap_or(why);
            return Err(("java.nio.file.FileSystemException".to_owned(), format!("{path}: {why}")));
        }
    };
    let broken = |why: String| ("java.lang.RuntimeException".to_owned(), why);
    let pairs = parse_properties(&String::from_utf8_lossy(&bytes))
        .map_err(|_| ("java.lang.IllegalArgumentException".to_owned(), "Malformed \\uxxxx encoding.".to_owned()))?;
    parse(&pairs.into_iter().collect()).map(Some).map_err(broken)
}

fn parse(pairs: &BTreeMap<String, String>) -> Result<Meta, String> {
    let find = |key: &str| pairs.get(key).cloned();
    let number = |key: &str| {
        let text = find(key);
        text.map(|text| text.parse::<i32>().map_err(|_| format!("Unable to read {key} as a base-10 number.")))
            .transpose()
    };
    // A file from before versions says none.
    let version = find("version").unwrap_or_else(|| "0".to_owned());
    let version: i32 = version.parse().map_err(|_| format!("Invalid meta.properties version string '{version}'"))?;
    let directory_id = find("directory.id");
    if let Some(id) = directory_id.as_ref().filter(|id| TopicId::parse(id).is_none()) {
        return Err(format!("Unable to read directory.id as a Uuid: {id}"));
    }
    match version {
        0 => Ok(Meta { version, cluster_id: find("cluster.id"), node_id: number("broker.id")?, directory_id }),
        1 => Ok(Meta {
            version,
            node_id: Some(number("node.id")?.ok_or("Failed to find node.id")?),
            cluster_id: Some(find("cluster.id").ok_or("Failed to find cluster.id")?),
            directory_id,
        }),
        other => Err(format!("Unknown meta.properties version number {other}")),
    }
}

impl Meta {
    /// The properties as Java prints a sorted map.
    pub(super) fn shown(&self) -> String {
        let id_key = if self.version == 0 { "broker.id" } else { "node.id" };
        let mut pairs =
            vec![("version", Some(self.version.to_string())), (id_key, self.node_id.map(|id| id.to_string()))];
        pairs.extend([("cluster.id", self.cluster_id.clone()), ("directory.id", self.directory_id.clone())]);
        pairs.sort();
        let pairs: Vec<String> =
            pairs.into_iter().filter_map(|(key, value)| value.map(|value| format!("{key}={value}"))).collect();
        format!("{{{}}}", pairs.join(", "))
    }
}
