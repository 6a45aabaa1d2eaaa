//! The file that says whose a log directory is (`MetaProperties`, a Java properties file).
//!
//! ```text
//! #
//! #Sat Nov 21 12:00:00 UTC 2026
//! cluster.id=5L6g3nShT-eMCtK--X86sw
//! directory.id=4nEmHXvYQMyKUYLDCMpGng
//! node.id=1
//! version=1
//! ```

use klamm_base::{NodeId, TopicId};

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaProperties {
    /// `cluster.id`: the cluster's id, usually 22 characters of base64.
    pub cluster_id: String,
    /// `node.id`, or `broker.id` in a file of version 0.
    pub node_id: NodeId,
    /// `directory.id` (KIP-858): this directory's own id; `None` in an old file.
    pub directory_id: Option<TopicId>,
}

impl MetaProperties {
    /// The text of the file.
    pub fn encode(&self) -> String {
        let mut text = format!("cluster.id={}\n", escape(&self.cluster_id));
        if let Some(directory_id) = self.directory_id {
            text.push_str(&format!("directory.id={directory_id}\n"));
        }
        text.push_str(&format!("node.id={}\nversion=1\n", self.node_id));
        text
    }
}

/// Puts a backslash before what ends a key or begins a comment in a Java properties file.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\\' | ':' | '=' | '#' | '!') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    plain
}

/// Reads the file's bytes.
///
/// # Errors
/// What is wrong with them, in words.
pub fn parse_meta_properties(bytes: &[u8]) -> Result<MetaProperties, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let is_setting = |line: &&str| !line.is_empty() && !line.starts_with(['#', '!']);
    let settings: Vec<(&str, String)> = text
        .lines()
        .map(str::trim)
        .filter(is_setting)
        .filter_map(|line| line.split_once('=').map(|(key, value)| (key.trim(), unescape(value.trim()))))
        .collect();
    let find = |wanted: &str| settings.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_str());
    let node_key = match find("version") {
        Some("1") => "node.id",
        Some("0") | None => "broker.id",
        Some(other) => return Err(format!("unknown version {other:?}")),
    };
    let is_id = |id: &&str| !id.is_empty() && !id.contains(char::is_whitespace);
    let cluster_id = find("cluster.id").filter(is_id).ok_or("cluster.id is missing or no id")?.to_owned();
    let node_id =
        find(node_key).and_then(|id| id.parse().ok()).ok_or_else(|| format!("{node_key} is missing or no number"))?;
    let directory_id = match find("directory.id") {
        Some(id) => Some(TopicId::parse(id).ok_or_else(|| format!("directory.id {id:?} is no id"))?),
        None => None,
    };
    Ok(MetaProperties { cluster_id, node_id: NodeId(node_id), directory_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_written_by_kafka_is_read() {
        let text = "#\n#Sat Nov 21 12:00:00 UTC 2026\ncluster.id=5L6g3nShT-eMCtK--X86sw\n\
                    directory.id=4nEmHXvYQMyKUYLDCMpGng\nnode.id=1\nversion=1\n";
        let meta = parse_meta_properties(text.as_bytes()).expect("a good file");
        assert_eq!((meta.cluster_id.as_str(), meta.node_id), ("5L6g3nShT-eMCtK--X86sw", NodeId(1)));
        assert_eq!(parse_meta_properties(meta.encode().as_bytes()), Ok(meta));
        let old = parse_meta_properties(b"version=0\nbroker.id=3\ncluster.id=a\\:b\n").expect("a good old file");
        assert_eq!((old.cluster_id.as_str(), old.node_id, old.directory_id), ("a:b", NodeId(3), None));
        assert_eq!(parse_meta_properties(old.encode().as_bytes()), Ok(old));
    }

    #[test]
    fn a_damaged_file_is_refused_w11() {
        for bad in [
            "",
            "version=1\nnode.id=1\n",
            "version=1\ncluster.id=a\n",
            "version=1\ncluster.id=a b\nnode.id=1\n",
            "version=2\ncluster.id=a\nnode.id=1\n",
            "version=1\ncluster.id=a\nnode.id=x\n",
            "version=1\ncluster.id=a\nnode.id=1\ndirectory.id=zz\n",
        ] {
            assert!(parse_meta_properties(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
