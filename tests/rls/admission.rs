//! A token that is still valid is asked about at each BEGIN: what was taken away since takes effect at once.

use sqlx::{AssertSqlSafe, Executor as _};
use surv_tenancy::{
    Actor, Principal,
    db::{AdmissionRefusal, DbError, TenantDb},
};
use surv_tests::{Company, TestDatabase, Who};

async fn admit(tenants: &TenantDb, actor: &Actor) -> Result<(), AdmissionRefusal> {
    match tenants.begin(actor).await {
        Ok(_) => Ok(()),
        Err(DbError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

/// What happens while the token lives, whose token it is, what `begin` answers, and how it is undone.
const CHANGES: &[(Who, AdmissionRefusal, &str, &str)] = &[
    (
        Who::Manager,
        AdmissionRefusal::SessionEnded,
        "UPDATE sessions SET ended_at = now(), ended_reason = 'log_out' WHERE session_id = '{session}'",
        "UPDATE sessions SET ended_at = NULL, ended_reason = NULL WHERE session_id = '{session}'",
    ),
    (
        Who::Technician1,
        AdmissionRefusal::SessionEnded,
        "UPDATE sessions SET expires_at = now() WHERE session_id = '{session}'",
        "UPDATE sessions SET expires_at = now() + interval '1 day' WHERE session_id = '{session}'",
    ),
    (
        Who::Admin,
        AdmissionRefusal::Revoked,
        "INSERT INTO revoked_tokens (tenant_id, revocation_id, revoked_by, expires_at)
         VALUES ('{t}', decode(repeat('aa', 64), 'hex'), '{user}', now())",
        "DELETE FROM revoked_tokens WHERE revocation_id = decode(repeat('aa', 64), 'hex')",
    ),
    (
        Who::Technician1,
        AdmissionRefusal::NotAMember,
        "UPDATE members SET state = 'disabled' WHERE user_id = '{user}' AND tenant_id = '{t}'",
        "UPDATE members SET state = 'active' WHERE user_id = '{user}' AND tenant_id = '{t}'",
    ),
    (
        Who::Customer1,
        AdmissionRefusal::NotAMember,
        "UPDATE customer_users SET state = 'disabled' WHERE user_id = '{user}' AND customer_id = '{customer}'",
        "UPDATE customer_users SET state = 'active' WHERE user_id = '{user}' AND customer_id = '{customer}'",
    ),
    (
        Who::Admin,
        AdmissionRefusal::RoleChanged,
        "UPDATE members SET role = 'technician' WHERE user_id = '{user}' AND tenant_id = '{t}'",
        "UPDATE members SET role = 'admin' WHERE user_id = '{user}' AND tenant_id = '{t}'",
    ),
    (
        Who::Manager,
        AdmissionRefusal::CompanyClosed,
        "UPDATE tenants SET state = 'closed' WHERE tenant_id = '{t}'",
        "UPDATE tenants SET state = 'active' WHERE tenant_id = '{t}'",
    ),
];

#[tokio::test]
async fn what_was_taken_away_is_refused_at_the_next_begin() {
    let database = TestDatabase::named("admission").await;
    let (tenants, mut superuser) = (database.tenants(), database.superuser().await);
    let acme = Company::ACME;

    for (who, refusal, change, undo) in CHANGES {
        let fill = |text: &str| {
            AssertSqlSafe(
                text.replace("{t}", &acme.tenant_id().to_string())
                    .replace("{user}", &acme.user(*who).to_string())
                    .replace("{customer}", &acme.id("customer", 1).to_string())
                    .replace("{session}", &acme.id("session", who.number()).to_string()),
            )
        };
        assert_eq!(admit(&tenants, &acme.actor(*who)).await, Ok(()), "before {change}");
        let changed = superuser.execute(fill(change)).await.unwrap();
        assert_eq!(changed.rows_affected(), 1, "{change}");

        assert_eq!(admit(&tenants, &acme.actor(*who)).await, Err(*refusal), "after {change}");
        // Nobody else is.
        assert_eq!(admit(&tenants, &Company::RIVAL.actor(*who)).await, Ok(()), "the other company after {change}");

        superuser.execute(fill(undo)).await.unwrap();
        assert_eq!(admit(&tenants, &acme.actor(*who)).await, Ok(()), "after {undo}");
    }
}

#[tokio::test]
async fn a_session_admits_only_its_own_person_company_and_role() {
    let tenants = TestDatabase::shared().await.tenants();
    let with = |who: Who, change: fn(&mut Actor)| {
        let mut actor = Company::ACME.actor(who);
        change(&mut actor);
        actor
    };
    let forged = [
        // Another's session.
        with(Who::Technician1, |actor| {
            let Principal::Person { session_id, .. } = &mut actor.principal else { unreachable!() };
            *session_id = Company::ACME.id("session", Who::Admin.number()).into();
        }),
        // The own session, as somebody else.
        with(Who::Technician1, |actor| {
            let Principal::Person { user_id, .. } = &mut actor.principal else { unreachable!() };
            *user_id = Company::ACME.user(Who::Admin).into();
        }),
        // The own session, at another company.
        with(Who::TechnicianOfBoth, |actor| actor.tenant_id = Company::RIVAL.tenant_id().into()),
        // A customer's session as a member, and the other way round.
        with(Who::Customer1, |actor| {
            let Principal::Person { role, .. } = &mut actor.principal else { unreachable!() };
            *role = surv_tenancy::Role::Technician;
        }),
        with(Who::Technician1, |actor| {
            let Principal::Person { role, .. } = &mut actor.principal else { unreachable!() };
            *role = surv_tenancy::Role::Customer;
        }),
        with(Who::Manager, |actor| {
            let Principal::Person { role, .. } = &mut actor.principal else { unreachable!() };
            *role = surv_tenancy::Role::Admin;
        }),
    ];

    for actor in forged {
        admit(&tenants, &actor).await.expect_err("a forged actor is admitted");
    }
}
