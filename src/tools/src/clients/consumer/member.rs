//! The membership of a consumer in its group: join, sync, heartbeat, commit, leave (`ConsumerCoordinator`, classic
//! protocol). The member gives up all its partitions before it joins again, as every member does whose assignors are
//! not all cooperative.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, SyncGroupRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_env::Env;
use klamm_peer::{Client, Error};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Interest;
use super::assigned::{Assigned, Position};
use super::assignor::{Assignor, Subscriber, Tp};
use super::config::ConsumerConfig;
use super::offsets::committed;
use super::protocol::{read_assignment, read_member, write_assignment, write_subscription};
use crate::clients::metadata::{Metadata, Topics, passes};
use crate::thrown::Thrown;

/// How often a topic that is not there yet is looked for before the member joins without it.
const LOOKS_BEFORE_JOINING: usize = 5;
/// How often it is looked for afterwards.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long leaving may take: the group gets over it by itself.
pub(super) const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// A membership that a task keeps.
pub(super) struct Member {
    closing: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Member {
    pub(super) fn start(
        env: &Env,
        config: ConsumerConfig,
        interest: Interest,
        metadata: Arc<Metadata>,
        assigned: Arc<Assigned>,
        log_prefix: String,
    ) -> Member {
        let (closing, told) = watch::channel(false);
        let client = Client::new(env, config.client.clone());
        let keeper = Keeper {
            env: env.clone(),
            client,
            config,
            interest,
            metadata,
            assigned,
            log_prefix,
            member_id: String::new(),
            generation: -1,
            joining: false,
            topics: BTreeSet::new(),
            counts: None,
        };
        Member { closing, task: env.tasks.spawn(keeper.run(told)) }
    }

    /// Commits and leaves.
    pub(super) async fn close(self) {
        self.closing.send_replace(true);
        let _ = timeout(LEAVE_WITHIN, self.task).await;
    }
}

pub(super) struct Keeper {
    pub(super) env: Env,
    pub(super) client: Client,
    pub(super) config: ConsumerConfig,
    pub(super) interest: Interest,
    pub(super) metadata: Arc<Metadata>,
    pub(super) assigned: Arc<Assigned>,
    pub(super) log_prefix: String,
    pub(super) member_id: String,
    pub(super) generation: i32,
    /// A JoinGroup is on its way: its connection is busy until the group is complete.
    pub(super) joining: bool,
    /// The topics that were joined for.
    pub(super) topics: BTreeSet<String>,
    /// If this member leads: the topics of the group and how many partitions each had when they were assigned.
    pub(super) counts: Option<BTreeMap<String, i32>>,
}

impl Keeper {
    async fn run(mut self, mut closing: watch::Receiver<bool>) {
        loop {
            let ended = tokio::select! {
                _ = closing.wait_for(|closes| *closes) => None,
                ended = self.round() => Some(ended),
            };
            match ended {
                Some(Ok(())) => {}
                Some(Err(fault)) => {
                    self.assigned.fail(fault);
                    // Whoever polls hears of it and closes.
                    let _ = closing.wait_for(|closes| *closes).await;
                    break;
                }
                None => break,
            }
        }
        self.leave().await;
    }

    /// From joining to the next rebalance.
    async fn round(&mut self) -> Result<(), Thrown> {
        self.topics = self.subscribe().await?;
        let joined = self.join().await?;
        let Some(partitions) = self.sync(&joined).await? else { return Ok(()) };
        let Some(positions) = self.positions(partitions).await? else { return Ok(()) };
        self.assigned.give(positions);
        self.stay().await?;
        let offsets = self.assigned.consumed();
        self.assigned.revoke();
        self.commit(&offsets).await;
        Ok(())
    }

    /// The topics to join for. One that the broker is about to make is waited for a little.
    async fn subscribe(&self) -> Result<BTreeSet<String>, Thrown> {
        for look in 1.. {
            let topics = match self.ask_topics().await {
                Ok(topics) => topics,
                Err(error) if error.is_transport() => continue,
                Err(error) => return Err(Thrown::of(error)),
            };
            refuse(&topics)?;
            let missing = topics.values().any(|topic| topic.as_ref().is_err_and(|code| passes(*code)));
            if !missing || look >= LOOKS_BEFORE_JOINING {
                return Ok(self.wanted(&topics));
            }
            sleep(self.config.client.retry_backoff).await;
        }
        Ok(BTreeSet::new())
    }

    async fn ask_topics(&self) -> Result<Topics, Error> {
        match &self.interest {
            Interest::Topics(names) => self.metadata.ask(Some(names), self.config.auto_create).await,
            _ => self.metadata.ask(None, false).await,
        }
    }

    fn wanted(&self, topics: &Topics) -> BTreeSet<String> {
        match &self.interest {
            Interest::Topics(names) => names.iter().cloned().collect(),
            Interest::Pattern(pattern) => {
                let internal = |name: &String| matches!(topics.get(name), Some(Ok(topic)) if topic.internal);
                let hidden = |name: &String| self.config.excludes_internal && internal(name);
                topics.keys().filter(|name| pattern.is_match(name) && !hidden(name)).cloned().collect()
            }
            Interest::Partition(..) => BTreeSet::new(),
        }
    }

    async fn join(&mut self) -> Result<JoinGroupResponse, Thrown> {
        loop {
            let request = self.join_request();
            self.joining = true;
            let patience = self.config.max_poll_interval + Duration::from_secs(5);
            let answer = self.ask(&request, patience).await;
            self.joining = false;
            let Some(answer) = answer? else { continue };
            match ErrorCode::from_wire(answer.error_code) {
                ErrorCode::None => {
                    self.member_id = answer.member_id.to_string();
                    self.generation = answer.generation_id;
                    return Ok(answer);
                }
                ErrorCode::MemberIdRequired => self.member_id = answer.member_id.to_string(),
                ErrorCode::UnknownMemberId => self.forget_membership(),
                ErrorCode::IllegalGeneration => self.generation = -1,
                ErrorCode::RebalanceInProgress => sleep(self.config.client.retry_backoff).await,
                code => self.get_over(code, None).await?,
            }
        }
    }

    fn join_request(&self) -> JoinGroupRequest {
        let ms = |span: Duration| i32::try_from(span.as_millis()).unwrap_or(i32::MAX);
        let metadata = write_subscription(&self.topics, &self.config.rack, self.generation).unwrap_or_default();
        let protocol = |assignor: &Assignor| {
            JoinGroupRequestProtocol::default()
                .with_name(StrBytes::from_static_str(assignor.name()))
                .with_metadata(metadata.clone())
        };
        JoinGroupRequest::default()
            .with_group_id(self.group_id())
            .with_session_timeout_ms(ms(self.config.session_timeout))
            .with_rebalance_timeout_ms(ms(self.config.max_poll_interval))
            .with_member_id(text(&self.member_id))
            .with_group_instance_id(self.config.group_instance_id.as_deref().map(text))
            .with_protocol_type(StrBytes::from_static_str("consumer"))
            .with_protocols(self.config.assignors.iter().map(protocol).collect())
    }

    /// The partitions that the group's leader gave this member; `None` if the group begins anew.
    async fn sync(&mut self, joined: &JoinGroupResponse) -> Result<Option<BTreeSet<Tp>>, Thrown> {
        let leads = joined.leader == joined.member_id;
        self.counts = None;
        let assignments = if leads { self.assign(joined).await? } else { Vec::new() };
        let request = SyncGroupRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(text(&self.member_id))
            .with_group_instance_id(self.config.group_instance_id.as_deref().map(text))
            .with_protocol_type(Some(StrBytes::from_static_str("consumer")))
            .with_protocol_name(joined.protocol_name.clone())
            .with_assignments(assignments);
        let patience = self.config.max_poll_interval;
        let Some(answer) = self.ask(&request, patience).await? else { return Ok(None) };
        match ErrorCode::from_wire(answer.error_code) {
            ErrorCode::None => {
                let unreadable = || Thrown::new(crate::thrown::KAFKA, "The group's assignment cannot be read");
                read_assignment(&answer.assignment).map(Some).ok_or_else(unreadable)
            }
            ErrorCode::RebalanceInProgress => Ok(None),
            code => self.lose_or_get_over(code).await.map(|()| None),
        }
    }

    /// What the leader decides for everybody.
    async fn assign(&mut self, joined: &JoinGroupResponse) -> Result<Vec<SyncGroupRequestAssignment>, Thrown> {
        let members: Vec<Subscriber> = joined.members.iter().map(read_member).collect();
        let names: BTreeSet<String> = members.iter().flat_map(|member| member.topics.iter().cloned()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let counts = if names.is_empty() { BTreeMap::new() } else { self.count(&names).await? };
        let name = joined.protocol_name.as_ref().map(StrBytes::to_string).unwrap_or_default();
        let unknown = || {
            Thrown::new(
                "java.lang.IllegalStateException",
                format!("Coordinator selected invalid assignment protocol: {name}"),
            )
        };
        let assignment = Assignor::named(&name).ok_or_else(unknown)?.assign(&counts, &members);
        self.counts = Some(counts);
        // A static leader that came back is told to leave the assignment as it is (KIP-814).
        if joined.skip_assignment {
            return Ok(Vec::new());
        }
        let one = |(id, partitions): (&String, &BTreeSet<Tp>)| {
            let bytes = write_assignment(partitions).unwrap_or_default();
            SyncGroupRequestAssignment::default().with_member_id(text(id)).with_assignment(bytes)
        };
        Ok(assignment.iter().map(one).collect())
    }

    async fn count(&self, names: &[String]) -> Result<BTreeMap<String, i32>, Thrown> {
        let topics = self.metadata.ask(Some(names), self.config.auto_create).await.map_err(Thrown::of)?;
        let count = |(name, topic): (String, Result<crate::clients::metadata::Topic, ErrorCode>)| {
            topic.ok().map(|topic| (name, i32::try_from(topic.leaders.len()).unwrap_or(0)))
        };
        Ok(topics.into_iter().filter_map(count).collect())
    }

    /// Where to begin in each partition: where the group has committed, else where the configuration says.
    async fn positions(&mut self, partitions: BTreeSet<Tp>) -> Result<Option<BTreeMap<Tp, Position>>, Thrown> {
        let begins = self.config.start;
        loop {
            let known = if partitions.is_empty() {
                BTreeMap::new()
            } else {
                let patience = self.config.client.request_timeout;
                let Some(connection) = self.coordinator().await? else { continue };
                match committed(&connection, &self.config.group_id, &partitions, patience).await {
                    Ok(Ok(known)) => known,
                    Ok(Err(ErrorCode::UnstableOffsetCommit)) => {
                        sleep(self.config.client.retry_backoff).await;
                        continue;
                    }
                    Ok(Err(code @ (ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration))) => {
                        return self.lose_or_get_over(code).await.map(|()| None);
                    }
                    Ok(Err(code)) => {
                        self.get_over(code, None).await?;
                        continue;
                    }
                    Err(error) => {
                        self.get_over_error(error).await?;
                        continue;
                    }
                }
            };
            let position = |tp: Tp| {
                let offset = known.get(&tp).copied();
                (tp, Position { fetch: offset, consumed: offset, begins })
            };
            return Ok(Some(partitions.into_iter().map(position).collect()));
        }
    }

    /// Heartbeats, commits and looks for new topics, until the group begins anew.
    async fn stay(&mut self) -> Result<(), Thrown> {
        let mut beat_at = Instant::now() + self.config.heartbeat_interval;
        let mut commit_at = self.config.auto_commit.map(|interval| Instant::now() + interval);
        let mut look_at = Instant::now() + self.next_look();
        loop {
            sleep_until(commit_at.into_iter().fold(beat_at.min(look_at), Instant::min)).await;
            let now = Instant::now();
            if beat_at <= now {
                beat_at = now + self.config.heartbeat_interval;
                if !self.beat().await? {
                    return Ok(());
                }
            }
            if let Some(interval) = self.config.auto_commit.filter(|_| commit_at.is_some_and(|at| at <= now)) {
                commit_at = Some(now + interval);
                let offsets = self.assigned.consumed();
                self.commit(&offsets).await;
            }
            if look_at <= now {
                look_at = now + self.next_look();
                if self.has_changed().await? {
                    return Ok(());
                }
            }
        }
    }

    /// False if the group begins anew.
    async fn beat(&mut self) -> Result<bool, Thrown> {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(text(&self.member_id))
            .with_group_instance_id(self.config.group_instance_id.as_deref().map(text));
        let patience = self.config.client.request_timeout;
        let Some(answer) = self.ask(&request, patience).await? else { return Ok(true) };
        match ErrorCode::from_wire(answer.error_code) {
            ErrorCode::None => Ok(true),
            ErrorCode::RebalanceInProgress => Ok(false),
            code @ (ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                // What was consumed is another's to commit now.
                self.assigned.revoke();
                self.lose_or_get_over(code).await.map(|()| false)
            }
            code => self.get_over(code, None).await.map(|()| true),
        }
    }

    /// When to look for topics: soon if some are missing.
    fn next_look(&self) -> Duration {
        let missing = |counts: &BTreeMap<String, i32>| self.topics.iter().any(|topic| !counts.contains_key(topic));
        if self.counts.as_ref().is_some_and(missing) { LOOK_AGAIN } else { self.config.metadata_max_age }
    }

    /// True if this member wants other topics than it joined for, or leads and topics have other partitions.
    async fn has_changed(&self) -> Result<bool, Thrown> {
        let Ok(topics) = self.ask_topics().await else { return Ok(false) };
        refuse(&topics)?;
        if self.wanted(&topics) != self.topics {
            return Ok(true);
        }
        let Some(counts) = &self.counts else { return Ok(false) };
        let names: Vec<String> = counts.keys().chain(&self.topics).cloned().collect();
        Ok(self.count(&names).await? != *counts)
    }
}

/// Topics that cannot be, or must not be read.
fn refuse(topics: &Topics) -> Result<(), Thrown> {
    for (name, told) in topics {
        match told {
            Err(code @ ErrorCode::InvalidTopicException) => {
                return Err(Thrown::coded(*code, Some(format!("Invalid topics: [{name}]"))));
            }
            Err(code @ ErrorCode::TopicAuthorizationFailed) => {
                return Err(Thrown::coded(*code, Some(format!("Not authorized to access topics: [{name}]"))));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
