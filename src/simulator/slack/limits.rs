//! SL-21: the rate limits, which all applications of an organisation share.

use super::Slack;
use super::wire::Trouble;
use crate::simulator::harness::World;
use crate::simulator::harness::buckets::Limit;

const READS: Limit = Limit { name: "reads", a_minute: 1_000, burst: 1_000 };
const WRITES: Limit = Limit { name: "writes", a_minute: 600, burst: 180 };
/// Its burst is not published (assumed).
const GET_USER: Limit = Limit { name: "get user", a_minute: 300, burst: 300 };
const POST_USER: Limit = Limit { name: "post user", a_minute: 180, burst: 20 };
const CHANGE_USER: Limit = Limit { name: "change user", a_minute: 180, burst: 20 };
const DELETE_USER: Limit = Limit { name: "delete user", a_minute: 180, burst: 20 };

impl Slack {
    pub(super) fn within_limits(
        &mut self,
        method: &str,
        path: &[&str],
        world: &mut World,
    ) -> Result<(), Trouble> {
        if !world.knobs.flag("limits") {
            return Ok(());
        }
        let wide = if method == "GET" { READS } else { WRITES };
        let left = wide.a_minute.saturating_sub(self.other_app).max(1);
        let mut limits = vec![Limit { a_minute: left, burst: wide.burst.min(left), ..wide }];
        if path.first() == Some(&"Users") {
            match (method, path.len()) {
                ("GET", 2) => limits.push(GET_USER),
                ("POST", _) => limits.push(POST_USER),
                ("PUT" | "PATCH", _) => limits.push(CHANGE_USER),
                ("DELETE", _) => limits.push(DELETE_USER),
                _ => {}
            }
        }
        self.buckets.take(&limits, world.now()).map_err(|seconds| {
            world.counters.rate_violations += 1;
            Trouble::new(429, "too_many_requests").after(seconds)
        })
    }
}
