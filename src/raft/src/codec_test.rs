use openraft::{BasicNode, EntryPayload, LeaderId};
use proptest::prelude::*;

use crate::codec::{entry_of, entry_to_bytes, log_id_of, members_of, put_log_id, put_members, vote_of, vote_to_bytes};
use crate::types::{Batch, Entry, Members, Vote, log_id};

fn members() -> impl Strategy<Value = Members> {
    let set = proptest::collection::btree_set(0..6u64, 1..4);
    let addresses = proptest::collection::vec("[a-z:0-9]{0,8}", 6);
    (proptest::collection::vec(set, 1..3), addresses).prop_map(|(sets, addresses)| {
        let nodes = addresses.into_iter().zip(0..).map(|(addr, id)| (id, BasicNode::new(addr)));
        Members::new(sets, nodes.collect::<std::collections::BTreeMap<_, _>>())
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let payload = prop_oneof![
        Just(EntryPayload::Blank),
        proptest::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| EntryPayload::Normal(Batch(bytes))),
        members().prop_map(EntryPayload::Membership),
    ];
    (any::<u64>(), any::<u64>(), payload)
        .prop_map(|(term, index, payload)| Entry { log_id: log_id(term, index), payload })
}

proptest! {
    #[test]
    fn an_entry_survives_its_bytes(entry in entry()) {
        prop_assert_eq!(entry_of(entry.log_id.index, &entry_to_bytes(&entry)).unwrap(), entry);
    }

    #[test]
    fn members_votes_and_log_ids_survive_their_bytes(
        members in members(),
        term in any::<u64>(),
        voted_for in proptest::option::of(any::<u64>()),
        committed in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        put_members(&mut bytes, &members);
        put_log_id(&mut bytes, &log_id(term, 9));
        let mut body = &bytes[..];
        prop_assert_eq!(members_of(&mut body).unwrap(), members);
        prop_assert_eq!(log_id_of(&mut body).unwrap(), log_id(term, 9));
        let vote = Vote { leader_id: LeaderId { term, voted_for }, committed };
        prop_assert_eq!(vote_of(&mut &vote_to_bytes(&vote)[..]).unwrap(), vote);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut sealed = vec![1];
        sealed.extend(&bytes);
        sealed.extend(crc32c::crc32c(&sealed).to_be_bytes());
        let _ = entry_of(0, &sealed);
        let _ = entry_of(0, &bytes);
        let _ = members_of(&mut &bytes[..]);
        let _ = vote_of(&mut &bytes[..]);
    }

    #[test]
    fn a_damaged_entry_is_noticed(entry in entry(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = entry_to_bytes(&entry);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(entry_of(entry.log_id.index, &bytes).is_err());
    }
}
