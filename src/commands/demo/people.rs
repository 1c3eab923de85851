//! The demo's companies and their members, through the sign-up path, and passwords through the identity path.

use anyhow::Context as _;
use surv_tenancy::{
    Identity, TenantId, UserId,
    clock::random_id,
    db::{Path, PlatformTx},
};

use super::{DemoMember, Wanted};

const MEMBERS: [(&str, &str, &str); 4] = [
    ("admin", "admin", "Ada Reiter"),
    ("manager", "manager", "Max Ohlsen"),
    ("tech1", "technician", "Tina Berger"),
    ("tech2", "technician", "Tom Vargas"),
];

/// The company and its members, made if they aren't there.
pub(super) async fn open(identity: &Identity, wanted: &Wanted) -> anyhow::Result<(TenantId, Vec<DemoMember>)> {
    let mut tx = identity.platform.begin(Path::SignUp).await?;
    let found = sqlx::query_scalar!("SELECT tenant_id FROM tenants WHERE slug = $1", wanted.slug)
        .fetch_optional(tx.conn())
        .await?;
    let tenant_id = match found {
        Some(tenant_id) => TenantId(tenant_id),
        None => company(&mut tx, identity, wanted).await?,
    };
    let mut members = Vec::new();
    for (short, role, name) in MEMBERS {
        let email = format!("{short}@{}.example", wanted.slug);
        let user_id = user(&mut tx, &email).await?;
        if found.is_none() {
            sqlx::query!(
                "INSERT INTO members (tenant_id, user_id, role, name) VALUES ($1, $2, $3, $4)",
                tenant_id.0,
                user_id.0,
                role,
                name,
            )
            .execute(tx.conn())
            .await?;
        }
        members.push(DemoMember { id: user_id.0, role, email, password: password_of(short) });
    }
    tx.commit().await?;
    for member in &members {
        set_password(identity, UserId(member.id), &member.password).await?;
    }
    Ok((tenant_id, members))
}

fn password_of(short: &str) -> String {
    format!("surv-demo-{short}")
}

async fn company(tx: &mut PlatformTx, identity: &Identity, wanted: &Wanted) -> anyhow::Result<TenantId> {
    let tenant_id: TenantId = identity.ids.next();
    sqlx::query!(
        "INSERT INTO tenants (tenant_id, slug, name, time_zone) VALUES ($1, $2, $3, $4)",
        tenant_id.0,
        wanted.slug,
        wanted.name,
        wanted.time_zone,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("INSERT INTO tenant_branding (tenant_id, display_name) VALUES ($1, $2)", tenant_id.0, wanted.name,)
        .execute(tx.conn())
        .await?;
    Ok(tenant_id)
}

/// The user with the address, made if needed.
async fn user(tx: &mut PlatformTx, email: &str) -> anyhow::Result<UserId> {
    let new: UserId = random_id();
    let user_id = sqlx::query_scalar!(r#"SELECT app.user_for_email($1, $2) AS "user_id!""#, email, new.0)
        .fetch_one(tx.conn())
        .await
        .context("making a user")?;
    Ok(UserId(user_id))
}

/// Gives somebody of the demo a password, so that scripts can log in without reading e-mails. By the identity path:
/// sign-up may not touch the password of anybody who is there already.
pub(super) async fn set_password(identity: &Identity, user_id: UserId, password: &str) -> anyhow::Result<()> {
    let hash = identity.hasher.hash(&password.to_owned().into()).await?;
    let mut tx = identity.platform.begin(Path::Identity).await?;
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE user_id = $1", user_id.0, hash).execute(tx.conn()).await?;
    tx.commit().await?;
    Ok(())
}
