//! How a member talks to its group's coordinator: asking, getting over what passes, committing, leaving.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{GroupId, LeaveGroupRequest};
use kafka_protocol::protocol::Request;
use klamm_base::ErrorCode;
use klamm_peer::{Client, Connection, Error, To};
use tokio::time::sleep;

use super::assignor::Tp;
use super::member::{Keeper, LEAVE_WITHIN, text};
use super::offsets::{Committer, commit};
use crate::thrown::Thrown;

/// The name by which the Java client's log lines of groups go.
const COORDINATOR_LOG: &str = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator";

impl Keeper {
    /// Commits, if the consumer does; that it fails is told in the log.
    pub(super) async fn commit(&mut self, offsets: &BTreeMap<Tp, i64>) {
        if self.config.auto_commit.is_none() || offsets.is_empty() || self.generation < 0 {
            return;
        }
        let who = Committer {
            group: &self.config.group_id,
            member: &self.member_id,
            instance: self.config.group_instance_id.as_deref(),
            generation: self.generation,
        };
        let done = match self.client.connection(&To::Group(self.config.group_id.clone())).await {
            Ok(connection) => commit(&connection, who, offsets, self.config.client.request_timeout).await,
            Err(error) => Err(error),
        };
        let problem = match done {
            Ok(ErrorCode::None) => return,
            Ok(code) => code.message().to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(target: COORDINATOR_LOG, "{}Offset commit failed: {problem}", self.log_prefix);
        self.client.forget().await;
    }

    pub(super) async fn leave(mut self) {
        let offsets = self.assigned.consumed();
        self.assigned.revoke();
        if !self.joining {
            self.commit(&offsets).await;
        }
        if self.member_id.is_empty() || self.config.group_instance_id.is_some() {
            return;
        }
        if self.joining {
            self.client = Client::new(&self.env, self.config.client.clone());
        }
        let Ok(connection) = self.client.connection(&To::Group(self.config.group_id.clone())).await else { return };
        let Ok(version) = connection.versions().highest::<LeaveGroupRequest>() else { return };
        let request = LeaveGroupRequest::default().with_group_id(self.group_id());
        let id = text(&self.member_id);
        let request = match version {
            3.. => request.with_members(vec![MemberIdentity::default().with_member_id(id)]),
            _ => request.with_member_id(id),
        };
        // The group gets over it by itself if this does not arrive.
        let _ = connection.call_at(version, &request, LEAVE_WITHIN).await;
    }

    pub(super) fn group_id(&self) -> GroupId {
        GroupId(text(&self.config.group_id))
    }

    pub(super) fn forget_membership(&mut self) {
        self.member_id.clear();
        self.generation = -1;
    }

    pub(super) async fn lose_or_get_over(&mut self, code: ErrorCode) -> Result<(), Thrown> {
        match code {
            ErrorCode::UnknownMemberId => self.forget_membership(),
            ErrorCode::IllegalGeneration => self.generation = -1,
            code => return self.get_over(code, None).await,
        }
        Ok(())
    }

    pub(super) async fn coordinator(&mut self) -> Result<Option<Arc<Connection>>, Thrown> {
        match self.client.connection(&To::Group(self.config.group_id.clone())).await {
            Ok(connection) => Ok(Some(connection)),
            Err(error) => self.get_over_error(error).await.map(|()| None),
        }
    }

    /// Asks the coordinator; `None` if it could not be asked, after a pause.
    pub(super) async fn ask<R: Request>(
        &mut self,
        request: &R,
        patience: Duration,
    ) -> Result<Option<R::Response>, Thrown> {
        let Some(connection) = self.coordinator().await? else { return Ok(None) };
        match connection.call(request, patience).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => self.get_over_error(error).await.map(|()| None),
        }
    }

    pub(super) async fn get_over_error(&mut self, error: Error) -> Result<(), Thrown> {
        match error {
            Error::Refused { code, message } => self.get_over(code, message).await,
            Error::Connect { .. } | Error::Lost { .. } | Error::TimedOut { .. } | Error::NoNode { .. } => {
                self.pause().await;
                Ok(())
            }
            error => Err(Thrown::of(error)),
        }
    }

    /// Waits where the coordinator says that it passes.
    pub(super) async fn get_over(&mut self, code: ErrorCode, message: Option<String>) -> Result<(), Thrown> {
        let passes = matches!(
            code,
            ErrorCode::CoordinatorNotAvailable
                | ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::NotCoordinator
                | ErrorCode::BrokerNotAvailable
                | ErrorCode::RequestTimedOut
                | ErrorCode::NetworkException
                | ErrorCode::UnknownTopicOrPartition
        );
        if !passes {
            return Err(Thrown::coded(code, message));
        }
        self.pause().await;
        Ok(())
    }

    pub(super) async fn pause(&mut self) {
        self.client.forget().await;
        sleep(self.config.client.retry_backoff).await;
    }
}
