//! Bugs of the account service.

use std::time::Duration;

use quintet::message::{Json, Key, Number};
use quintet::rule::RuleId;
use quintet::service::{Cx, Incoming, Service, TimerChange};
use quintet::services::id;
use serde_json::json as literal;

use super::plant::{misread, spoil_after};
use super::warp::{Warp, double_kind, drop_kind, edit, json, kind, set};
use super::{Bug, Found, Plant};

pub(crate) const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// The account service with a bug that a checker finds.
const fn by_rule(rule: RuleId, what: &'static str, tests: &'static str, plant: Plant) -> Bug {
    Bug { rule, what, service: "account", tests, found: Found::ByRule, plant }
}

/// The account service with a bug that only a scenario finds.
const fn by_scenario(rule: RuleId, what: &'static str, tests: &'static str, plant: Plant) -> Bug {
    Bug { found: Found::ByScenario, ..by_rule(rule, what, tests, plant) }
}

pub(crate) static BUGS: &[Bug] = &[
    by_rule(id::ACC_1, "each account gets the id 1", "account/register", |inner| {
        let spoil = |cx: &mut Cx<'_>| edit(cx, |value| set(value, "account_id", one()));
        Warp::of(inner).spoil(spoil).boxed()
    }),
    by_scenario(
        id::ACC_2,
        "a name that is taken is announced once more",
        "account/refused-create",
        |inner| {
            let warp = Warp::of(inner).on_handle(|inner, incoming, cx| {
                let answer = inner.handle(incoming, cx);
                if answer.is_err() && incoming.channel == "account.create" {
                    announce(1, "CREATED", cx);
                    return Ok(());
                }
                answer
            });
            warp.boxed()
        },
    ),
    by_rule(id::ACC_3, "a refusal is answered twice", "account/login-answers", |inner| {
        spoil_after(inner, "CREATE", |cx| double_kind(cx, "ERROR"))
    }),
    by_rule(id::ACC_4, "any password will do", "account/lockout", |inner| {
        let change = |value: &mut Json| set(value, "body.password", "correct-horse");
        misread(inner, change)
    }),
    by_rule(id::ACC_4, "no password will do", "account/login", |inner| {
        misread(inner, |value| set(value, "body.password", ""))
    }),
    by_rule(id::ACC_5, "nobody hears of a login", "account/login", |inner| {
        spoil_after(inner, "CREATE", |cx| drop_kind(cx, "LOGGED_IN"))
    }),
    by_rule(
        id::ACC_6,
        "who is logged in has tried too often",
        "account/already-logged-in",
        |inner| {
            let spoil = |cx: &mut Cx<'_>| recode(cx, "ALREADY_LOGGED_IN", "TOO_MANY_ATTEMPTS");
            spoil_after(inner, "CREATE", spoil)
        },
    ),
    by_scenario(id::ACC_6, "who is locked out stays so", "account/lockout-ends", |inner| {
        let mut refusal = None;
        let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
            inner.handle(incoming, cx)?;
            edit(cx, |value| match (&refusal, kind(value)) {
                (Some(body), "CREATED") if value.get("body").is_some() => {
                    set(value, "body", Json::clone(body));
                    set(value, "type", "ERROR");
                }
                _ => {}
            });
            let answers = cx.effects().emits.iter().map(|one| json(one.record.value_bytes()));
            let locks = |value: &Json| code(value) == Some("TOO_MANY_ATTEMPTS");
            let body = answers.filter(locks).find_map(|value| value.get("body").cloned());
            refusal = body.or_else(|| refusal.take());
            if refusal.is_some() {
                drop_kind(cx, "LOGGED_IN");
            }
            Ok(())
        });
        warp.boxed()
    }),
    by_rule(id::ACC_7, "params are lost", "account/params", |inner| {
        let change = |value: &mut Json| set(value, "body.params", Json::Null);
        misread(inner, change)
    }),
    by_rule(id::ACC_8, "no channel can take over", "account/channel-takeover", |inner| {
        let change = |value: &mut Json| {
            if value.pointer("/body/state") == Some(&one().into()) {
                set(value, "body.state", Number::from(3u32));
            }
        };
        misread(inner, change)
    }),
    by_rule(
        id::ACC_8,
        "state 0 does not tell that it was the last session",
        "account/channel-takeover",
        |inner| {
            let spoil = |cx: &mut Cx<'_>| drop_kind(cx, "LOGGED_OUT");
            spoil_after(inner, "PROGRESS_STATE", spoil)
        },
    ),
    by_rule(
        id::ACC_9,
        "an unknown account is a system error",
        "account/progress-of-strangers",
        |inner| {
            let spoil = |cx: &mut Cx<'_>| recode(cx, "NOT_REGISTERED", "SYSTEM_ERROR");
            spoil_after(inner, "PROGRESS_STATE", spoil)
        },
    ),
    by_rule(id::ACC_10, "nobody hears of a logout", "account/logout", |inner| {
        spoil_after(inner, "LOGOUT", |cx| drop_kind(cx, "LOGGED_OUT"))
    }),
    by_rule(
        id::ACC_11,
        "LOGOUT is announced for an account that is not there",
        "account/logout-ignored",
        |inner| logged_out_anyway(inner, |account| account == 4_000_000_000),
    ),
    by_scenario(
        id::ACC_11,
        "LOGOUT for an unknown session ends all of them",
        "account/logout-ignored",
        |inner| {
            let change = |value: &mut Json| {
                if kind(value) == "LOGOUT" {
                    set(value, "sessionId", NIL);
                }
            };
            misread(inner, change)
        },
    ),
    by_rule(
        id::ACC_12,
        "LOGOUT is announced although the session remains",
        "account/logout-ignored",
        |inner| logged_out_anyway(inner, |account| account != 4_000_000_000),
    ),
    by_scenario(
        id::ACC_13,
        "a transition ends after half a minute",
        "account/transition-expires",
        |inner| {
            let spoil = |cx: &mut Cx<'_>| {
                for timer in &mut cx.effects().timers {
                    if let TimerChange::Set(_, at) = timer {
                        *at = at.after(Duration::from_secs(25));
                    }
                }
            };
            Warp::of(inner).spoil(spoil).boxed()
        },
    ),
    by_rule(
        id::ACC_13,
        "a transition ends after one second",
        "account/transition-expires",
        |inner| {
            let inner = spoil_after(inner, "PROGRESS_STATE", |cx| {
                cx.set_timer_after("hasty", Duration::from_secs(1));
            });
            let warp = Warp::of(inner).on_timer(|inner, timer, cx| {
                if timer.name != "hasty" {
                    return inner.timer(timer, cx);
                }
                announce(1, "LOGGED_OUT", cx);
                Ok(())
            });
            warp.boxed()
        },
    ),
    by_scenario(
        id::ACC_TWICE,
        "what came a moment ago is not read again",
        "account/transition-twice",
        |inner| {
            let mut last = Vec::new();
            let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
                let value = incoming.value.unwrap_or_default();
                if value == last {
                    return Ok(());
                }
                last = value.to_vec();
                inner.handle(incoming, cx)
            });
            warp.boxed()
        },
    ),
];

fn one() -> Number {
    Number::from(1u32)
}

/// Says what became of an account of alice.
pub(crate) fn announce(account: u32, status: &str, cx: &mut Cx<'_>) {
    let event = literal!({ "account_id": account, "name": "alice", "status": status });
    cx.emit("account.status", &Key::Id(account), &event).expect("the channel is there");
}

fn code(value: &Json) -> Option<&str> {
    value.pointer("/body/code").and_then(Json::as_str)
}

/// Gives one error another code.
fn recode(cx: &mut Cx<'_>, from: &str, to: &str) {
    edit(cx, |value| {
        if code(value) == Some(from) {
            set(value, "body.code", to);
        }
    });
}

/// The account id of a session command.
fn account(incoming: &Incoming<'_>) -> Option<u32> {
    let account = json(incoming.value).get("accountId").and_then(Json::as_integer)?;
    u32::try_from(account).ok()
}

/// Announces a LOGOUT that is refused, for some accounts.
fn logged_out_anyway(inner: Box<dyn Service>, of: fn(u32) -> bool) -> Box<dyn Service> {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        let answer = inner.handle(incoming, cx);
        match account(incoming).filter(|account| of(*account)) {
            Some(account) if answer.is_err() && kind(&json(incoming.value)) == "LOGOUT" => {
                announce(account, "LOGGED_OUT", cx);
                Ok(())
            }
            _ => answer,
        }
    });
    warp.boxed()
}
