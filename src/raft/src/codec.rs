//! What the store keeps, as bytes of our own: openraft's types may change their shape, our disks may not.
//!
//! ```text
//! entry      := version u8 = 1 | kind u8 | term u64 | payload | crc32c u32 of all before it
//!               kind 0 blank: no payload      1 records: a batch of klamm_metadata::codec      2 membership
//! membership := count u32, of voter sets: (count u32, voter u64 *) | count u32, of nodes: (id u64, length u32, address)
//! log id     := term u64 | index u64
//! vote       := term u64 | 0 or 1 u8 | voted for u64 | committed 0 or 1 u8
//! ```
//!
//! All numbers are big-endian. The index of an entry is its key.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Buf, BufMut, TryGetError};
use openraft::{BasicNode, EntryPayload, LeaderId};

use crate::types::{Batch, Entry, LogId, Members, Vote, log_id};

const VERSION: u8 = 1;
const BLANK: u8 = 0;
const RECORDS: u8 = 1;
const MEMBERSHIP: u8 = 2;

/// Why bytes are not what they should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(pub String);

impl From<TryGetError> for Fault {
    fn from(_: TryGetError) -> Fault {
        Fault("cut short".to_owned())
    }
}

fn fault<T>(text: &str) -> Result<T, Fault> {
    Err(Fault(text.to_owned()))
}

pub(crate) fn entry_to_bytes(entry: &Entry) -> Vec<u8> {
    let mut out = vec![VERSION];
    match &entry.payload {
        EntryPayload::Blank => {
            out.put_u8(BLANK);
            out.put_u64(entry.log_id.leader_id.term);
        }
        EntryPayload::Normal(Batch(batch)) => {
            out.reserve(batch.len() + 16);
            out.put_u8(RECORDS);
            out.put_u64(entry.log_id.leader_id.term);
            out.put_slice(batch);
        }
        EntryPayload::Membership(members) => {
            out.put_u8(MEMBERSHIP);
            out.put_u64(entry.log_id.leader_id.term);
            put_members(&mut out, members);
        }
    }
    let crc = crc32c::crc32c(&out);
    out.put_u32(crc);
    out
}

pub(crate) fn entry_of(index: u64, bytes: &[u8]) -> Result<Entry, Fault> {
    let Some((head, crc)) = bytes.split_last_chunk() else { return fault("cut short") };
    if crc32c::crc32c(head) != u32::from_be_bytes(*crc) {
        return fault("checksum mismatch");
    }
    let mut body = head;
    if body.try_get_u8()? != VERSION {
        return fault("unknown version of an entry; was it written by a newer version?");
    }
    let (kind, term) = (body.try_get_u8()?, body.try_get_u64()?);
    let payload = match kind {
        BLANK => EntryPayload::Blank,
        RECORDS => EntryPayload::Normal(Batch(std::mem::take(&mut body).to_vec())),
        MEMBERSHIP => EntryPayload::Membership(members_of(&mut body)?),
        _ => return fault("unknown kind of entry; was it written by a newer version?"),
    };
    if !body.is_empty() {
        return fault("bytes left over");
    }
    Ok(Entry { log_id: log_id(term, index), payload })
}

pub(crate) fn put_members(out: &mut Vec<u8>, members: &Members) {
    let sets = members.get_joint_config();
    out.put_u32(sets.len() as u32);
    for set in sets {
        out.put_u32(set.len() as u32);
        set.iter().for_each(|voter| out.put_u64(*voter));
    }
    out.put_u32(members.nodes().count() as u32);
    for (id, node) in members.nodes() {
        out.put_u64(*id);
        out.put_u32(node.addr.len() as u32);
        out.put_slice(node.addr.as_bytes());
    }
}

pub(crate) fn members_of(body: &mut &[u8]) -> Result<Members, Fault> {
    let mut sets = Vec::new();
    for _ in 0..body.try_get_u32()? {
        let mut set = BTreeSet::new();
        for _ in 0..body.try_get_u32()? {
            set.insert(body.try_get_u64()?);
        }
        sets.push(set);
    }
    let mut nodes = BTreeMap::new();
    for _ in 0..body.try_get_u32()? {
        let (id, len) = (body.try_get_u64()?, body.try_get_u32()? as usize);
        let Some((addr, rest)) = body.split_at_checked(len) else { return fault("cut short") };
        let Ok(addr) = std::str::from_utf8(addr) else { return fault("an address that is no text") };
        nodes.insert(id, BasicNode::new(addr));
        *body = rest;
    }
    let voters = sets.iter().flatten();
    if !voters.clone().all(|voter| nodes.contains_key(voter)) {
        return fault("a voter without a node");
    }
    Ok(Members::new(sets, nodes))
}

pub(crate) fn put_log_id(out: &mut Vec<u8>, id: &LogId) {
    out.put_u64(id.leader_id.term);
    out.put_u64(id.index);
}

pub(crate) fn log_id_of(body: &mut &[u8]) -> Result<LogId, Fault> {
    Ok(log_id(body.try_get_u64()?, body.try_get_u64()?))
}

pub(crate) fn vote_to_bytes(vote: &Vote) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_u64(vote.leader_id.term);
    out.put_u8(u8::from(vote.leader_id.voted_for.is_some()));
    out.put_u64(vote.leader_id.voted_for.unwrap_or(0));
    out.put_u8(u8::from(vote.committed));
    out
}

pub(crate) fn vote_of(body: &mut &[u8]) -> Result<Vote, Fault> {
    let (term, has, voted_for, committed) =
        (body.try_get_u64()?, body.try_get_u8()?, body.try_get_u64()?, body.try_get_u8()?);
    Ok(Vote { leader_id: LeaderId { term, voted_for: (has == 1).then_some(voted_for) }, committed: committed == 1 })
}
