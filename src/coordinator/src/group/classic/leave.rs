//! LeaveGroup: members that say goodbye, or are removed by an administrator.

use klamm_base::ErrorCode;

use super::group::{ClassicGroup, Desk};
use crate::group::message::LeavingMember;

impl ClassicGroup {
    /// Handles a LeaveGroup for this group and gives each member's error.
    pub fn leave(&mut self, members: Vec<LeavingMember>, desk: &mut Desk<'_>) -> Vec<(LeavingMember, ErrorCode)> {
        let mut any = false;
        let mut replies = Vec::with_capacity(members.len());
        for leaving in members {
            let code = self.leave_one(&leaving, desk);
            any |= code.is_none();
            replies.push((leaving, code));
        }
        if any {
            self.after_departure(desk);
        }
        replies
    }

    fn leave_one(&mut self, leaving: &LeavingMember, desk: &mut Desk<'_>) -> ErrorCode {
        let instance = leaving.group_instance_id.as_deref();
        if leaving.member_id.is_empty() {
            // An administrator knows the instance only.
            let Some(id) = instance.and_then(|instance| self.static_members.get(instance)).cloned() else {
                return ErrorCode::UnknownMemberId;
            };
            self.drop_member(&id, desk);
        } else {
            if !self.pending_join.contains(&leaving.member_id)
                && let Err(code) = self.check_member(&leaving.member_id, instance)
            {
                return code;
            }
            self.drop_member(&leaving.member_id, desk);
        }
        ErrorCode::None
    }
}
