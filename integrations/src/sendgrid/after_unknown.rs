//! What to do after a send whose outcome is unknown. Pure: the worker brings time and evidence.
//!
//! The vendor cannot be asked for one mail, but it tells us unasked: each accepted mail causes events
//! that carry our message id. So an event proves acceptance. Silence proves nothing by itself; it is
//! taken as "not accepted" only when the event channel was seen working after the attempt, and then
//! only where the policy says that a second copy does less harm than none.
//! `docs/decisions/0005-email-once.md` has the reasons and the guarantee.

use chrono::{DateTime, TimeDelta, Utc};

/// The attempt in question, as the `messages` row knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAttempt {
    /// When it began, recorded before the call was made.
    pub began_at: DateTime<Utc>,
    /// How many attempts at this mail ended unknown, this one included.
    pub unknown_attempts: u32,
}

/// What was heard since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// A verified event carried this mail's id: SendGrid has it.
    pub event_for_this_mail: bool,
    /// When the newest verified event batch about any mail arrived: the channel worked then.
    pub channel_heard_at: Option<DateTime<Utc>>,
}

/// What to do when nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Send it again: a second copy does no harm.
    SendAgain,
    /// Leave it to a person: a second copy would mislead.
    AskPerson,
}

/// How one kind of mail is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownPolicy {
    /// How long events may take to arrive while the channel works.
    pub grace: TimeDelta,
    /// How long to wait when the channel is silent altogether.
    pub patience: TimeDelta,
    /// What silence means once `grace` is over and the channel was heard after it.
    pub after_grace: Silence,
    /// What to do when `patience` is over and nothing at all was heard.
    pub after_patience: Silence,
    /// After so many unknown attempts a person decides, whatever the above says.
    pub max_unknown: u32,
}

impl UnknownPolicy {
    /// For mail that asks for something or states a fact (an invoice, a receipt, an appointment): sent
    /// again once if the working channel stayed silent about it, else left to a person.
    pub const fn once() -> Self {
        Self {
            grace: TimeDelta::minutes(10),
            patience: TimeDelta::hours(6),
            after_grace: Silence::SendAgain,
            after_patience: Silence::AskPerson,
            max_unknown: 2,
        }
    }

    /// For mail that somebody waits for and that may come twice without harm (a log-in code, a link to
    /// reset a password): sent again soon.
    pub const fn repeatable() -> Self {
        Self {
            grace: TimeDelta::seconds(20),
            patience: TimeDelta::seconds(45),
            after_grace: Silence::SendAgain,
            after_patience: Silence::SendAgain,
            max_unknown: 4,
        }
    }

    /// For mail of which a second copy is worse than none: never sent again by itself.
    pub const fn never_again() -> Self {
        Self {
            grace: TimeDelta::minutes(10),
            patience: TimeDelta::hours(6),
            after_grace: Silence::AskPerson,
            after_patience: Silence::AskPerson,
            max_unknown: 1,
        }
    }
}

/// What the worker does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// SendGrid has the mail: record it as accepted, do not send.
    WasAccepted,
    /// Look again at this time, or when an event arrives.
    WaitUntil(DateTime<Utc>),
    /// Make a new attempt.
    SendAgain,
    /// Dead letter: a person looks at it and chooses between "it arrived" and "send again".
    AskPerson,
}

/// Decides what becomes of a mail whose last attempt ended unknown.
pub fn after_unknown(
    attempt: UnknownAttempt,
    evidence: Evidence,
    policy: UnknownPolicy,
    now: DateTime<Utc>,
) -> Decision {
    if evidence.event_for_this_mail {
        return Decision::WasAccepted;
    }
    let grace_over = attempt.began_at + policy.grace;
    let patience_over = attempt.began_at + policy.patience.max(policy.grace);
    // Heard before the grace was over, the channel may still have had our event on its way.
    let channel_works = evidence.channel_heard_at.is_some_and(|heard| heard >= grace_over);
    let silence = if now < grace_over {
        return Decision::WaitUntil(grace_over);
    } else if channel_works {
        policy.after_grace
    } else if now < patience_over {
        return Decision::WaitUntil(patience_over);
    } else {
        policy.after_patience
    };
    match silence {
        Silence::SendAgain if attempt.unknown_attempts < policy.max_unknown => Decision::SendAgain,
        Silence::SendAgain | Silence::AskPerson => Decision::AskPerson,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).expect("in range")
    }

    fn decide(policy: UnknownPolicy, unknown_attempts: u32, heard: Option<i64>, now: i64) -> Decision {
        let attempt = UnknownAttempt { began_at: at(0), unknown_attempts };
        let evidence = Evidence { event_for_this_mail: false, channel_heard_at: heard.map(at) };
        after_unknown(attempt, evidence, policy, at(now))
    }

    #[test]
    fn an_event_about_the_mail_settles_it_at_any_time() {
        for policy in [UnknownPolicy::once(), UnknownPolicy::repeatable(), UnknownPolicy::never_again()] {
            for (unknown_attempts, now) in [(1, 0), (1, 700), (9, 1_000_000)] {
                let attempt = UnknownAttempt { began_at: at(0), unknown_attempts };
                let evidence = Evidence { event_for_this_mail: true, channel_heard_at: None };
                assert_eq!(after_unknown(attempt, evidence, policy, at(now)), Decision::WasAccepted);
            }
        }
    }

    #[test]
    fn nothing_is_sent_again_within_the_grace() {
        assert_eq!(decide(UnknownPolicy::once(), 1, Some(599), 599), Decision::WaitUntil(at(600)));
        assert_eq!(decide(UnknownPolicy::repeatable(), 1, None, 19), Decision::WaitUntil(at(20)));
    }

    #[test]
    fn silence_counts_only_when_the_channel_was_heard_after_the_grace() {
        let once = UnknownPolicy::once();

        assert_eq!(decide(once, 1, Some(600), 601), Decision::SendAgain);
        assert_eq!(decide(once, 1, Some(599), 601), Decision::WaitUntil(at(21_600)));
        assert_eq!(decide(once, 1, None, 601), Decision::WaitUntil(at(21_600)));
    }

    #[test]
    fn a_dead_channel_ends_with_a_person_and_never_in_a_blind_second_copy() {
        assert_eq!(decide(UnknownPolicy::once(), 1, None, 21_600), Decision::AskPerson);
        assert_eq!(decide(UnknownPolicy::repeatable(), 1, None, 45), Decision::SendAgain);
    }

    #[test]
    fn sending_again_is_bounded() {
        assert_eq!(decide(UnknownPolicy::once(), 2, Some(700), 701), Decision::AskPerson);
        assert_eq!(decide(UnknownPolicy::repeatable(), 4, Some(700), 701), Decision::AskPerson);
        assert_eq!(decide(UnknownPolicy::never_again(), 1, Some(700), 701), Decision::AskPerson);
    }
}
