//! When a call is sent again, and after how long.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use reqwest::StatusCode;

use crate::operation::Operation;

/// How often a call is sent, and how long it may take. Plain data; see
/// [`ClientBuilder::retry`](crate::ClientBuilder::retry).
///
/// Sent again is, for every operation: what failed before it was sent, an answer 429, and an
/// answer 503 with `Retry-After`. Only for operations that are
/// [safe to repeat](crate::Operation::safe_to_repeat): answers 502, 503 and 504, broken ones and
/// those that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a call is sent at most; 3 unless set. 1 turns retries off.
    pub max_attempts: u32,
    /// The longest delay before the second attempt; it doubles for each one after. 200 ms unless
    /// set.
    pub first_delay: Duration,
    /// The longest delay before any attempt, but for what `Retry-After` asks; 10 seconds unless
    /// set.
    pub longest_delay: Duration,
    /// How long a call may take with all its attempts and delays; 60 seconds unless set.
    pub overall_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            first_delay: Duration::from_millis(200),
            longest_delay: Duration::from_secs(10),
            overall_timeout: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// One attempt and no other.
    pub fn none() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// The same with another number of attempts.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The same with other delays, the longest before the second attempt and before any.
    #[must_use]
    pub fn with_delays(mut self, first: Duration, longest: Duration) -> Self {
        self.first_delay = first;
        self.longest_delay = longest;
        self
    }

    /// The same with another limit for the whole call.
    #[must_use]
    pub fn with_overall_timeout(mut self, timeout: Duration) -> Self {
        self.overall_timeout = timeout;
        self
    }

    /// The delay before the attempt that follows `attempts` others: anything up to a limit that
    /// doubles ("full jitter"), so that clients that failed together do not come back together.
    pub(crate) fn delay(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let limit = self
            .first_delay
            .saturating_mul(doubled)
            .min(self.longest_delay);
        limit.mul_f64(random_fraction())
    }
}

/// How an attempt ended that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing was sent: there was no connection.
    NotSent,
    /// The request may have arrived; there is no whole answer.
    Broken,
    /// An answer other than 2xx.
    Status {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
}

impl Failure {
    /// Whether the operation may be sent again after this.
    pub(crate) fn allows_retry(self, operation: &Operation) -> bool {
        match self {
            Self::NotSent => true,
            Self::Broken => operation.safe_to_repeat,
            Self::Status {
                status,
                retry_after,
            } => match status.as_u16() {
                429 => true,
                503 if retry_after.is_some() => true,
                502..=504 => operation.safe_to_repeat,
                _ => false,
            },
        }
    }

    /// How long the service asks to wait.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => retry_after,
            _ => None,
        }
    }
}

/// A number in `0.0..1.0`.
fn random_fraction() -> f64 {
    (random_bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// The randomness that the standard library seeds its maps with.
pub(crate) fn random_bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::{Failure, RetryPolicy};
    use crate::OPERATIONS;

    #[test]
    fn delays_stay_under_a_limit_that_doubles() {
        let policy = RetryPolicy::default();
        for (attempts, limit) in [(1, 200), (2, 400), (3, 800), (7, 10_000), (40, 10_000)] {
            let delays: Vec<_> = (0..100).map(|_| policy.delay(attempts)).collect();
            assert!(
                delays
                    .iter()
                    .all(|delay| *delay < Duration::from_millis(limit))
            );
            assert!(
                delays
                    .iter()
                    .any(|delay| *delay > Duration::from_millis(limit / 4))
            );
        }
    }

    #[test]
    fn what_may_have_been_done_is_repeated_only_if_that_is_safe() {
        let find = |safe| {
            OPERATIONS
                .iter()
                .find(|o| o.safe_to_repeat == safe)
                .unwrap()
        };
        let status = |status: u16, retry_after: Option<u64>| Failure::Status {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: retry_after.map(Duration::from_secs),
        };
        for (failure, always, if_safe) in [
            (Failure::NotSent, true, true),
            (Failure::Broken, false, true),
            (status(429, None), true, true),
            (status(503, Some(1)), true, true),
            (status(503, None), false, true),
            (status(502, Some(1)), false, true),
            (status(504, None), false, true),
            (status(500, None), false, false),
            (status(400, None), false, false),
            (status(401, Some(1)), false, false),
        ] {
            assert_eq!(failure.allows_retry(find(false)), always, "{failure:?}");
            assert_eq!(failure.allows_retry(find(true)), if_safe, "{failure:?}");
        }
    }
}
