//! Companies and people, made by the use cases themselves.

use secrecy::SecretString;
use surv_tenancy::{
    Role, TenantId, UserId,
    invitations::{self, AcceptAs, NewInvitation},
    sign_up::{self, NewCompany, Opened},
};
use uuid::Uuid;

use crate::support::{PASSWORD, World, a_word, an_address, secret, secret_of};

/// Somebody who can log in.
#[derive(Debug, Clone)]
pub struct Person {
    pub user_id: UserId,
    pub email: String,
}

/// A company with its first admin.
#[derive(Debug, Clone)]
pub struct Company {
    pub tenant_id: TenantId,
    pub slug: String,
    pub admin: Person,
}

impl World {
    pub fn new_company(&self, email: &str) -> NewCompany {
        NewCompany {
            email: email.to_owned(),
            password: secret(PASSWORD),
            name: "Ann Admin".to_owned(),
            company: "Acme Plumbing".to_owned(),
            slug: format!("acme-{}", a_word()),
            time_zone: "Europe/Vienna".to_owned(),
        }
    }

    pub async fn sign_up(&self, new: NewCompany) -> Opened {
        let email = new.email.clone();
        sign_up::request(&self.identity, new).await.unwrap();
        let link = self.last_mail(TenantId(Uuid::nil()), &email).await;
        sign_up::confirm(&self.identity, &secret_of(&link)).await.unwrap()
    }

    pub async fn company(&self) -> Company {
        self.company_of(&an_address()).await
    }

    pub async fn company_of(&self, email: &str) -> Company {
        let opened = self.sign_up(self.new_company(email)).await;
        Company {
            tenant_id: opened.tenant_id,
            slug: opened.slug,
            admin: Person { user_id: opened.user_id, email: opened.email },
        }
    }

    /// A new member, by invitation.
    pub async fn member(&self, company: &Company, role: Role) -> Person {
        let email = an_address();
        let link = self.invite(company, &email, role).await;
        let accepted = invitations::accept(&self.identity, &link, AcceptAs::Password(secret(PASSWORD))).await.unwrap();
        Person { user_id: accepted.user_id, email }
    }

    /// Invites an address as the company's admin; answers the secret in the mail.
    pub async fn invite(&self, company: &Company, email: &str, role: Role) -> SecretString {
        let admin = self.actor_of(company, &company.admin).await;
        let mut tx = self.begin(&admin).await;
        let new = NewInvitation { email: email.to_owned(), name: "New Member".to_owned(), role };
        invitations::invite(&mut tx, &self.identity.ids, self.now(), &self.identity.links, new).await.unwrap();
        tx.commit().await.unwrap();
        secret_of(&self.last_mail(company.tenant_id, email).await)
    }

    /// Makes an address a customer's log-in.
    pub async fn customer(&self, company: &Company, email: &str) -> Person {
        let admin = self.actor_of(company, &company.admin).await;
        let mut tx = self.begin(&admin).await;
        let customer_id: Uuid = self.identity.ids.next();
        sqlx::query("INSERT INTO customers (tenant_id, customer_id, kind, name) VALUES ($1, $2, 'person', 'Cy')")
            .bind(company.tenant_id.0)
            .bind(customer_id)
            .execute(tx.conn())
            .await
            .unwrap();
        let user_id: Uuid = sqlx::query_scalar("SELECT app.user_for_email($1, $2)")
            .bind(email)
            .bind(surv_tenancy::clock::random_id::<Uuid>())
            .fetch_one(tx.conn())
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO customer_users (tenant_id, user_id, customer_id, email, name) VALUES ($1, $2, $3, $4, 'Cy')",
        )
        .bind(company.tenant_id.0)
        .bind(user_id)
        .bind(customer_id)
        .bind(email)
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Person { user_id: UserId(user_id), email: email.to_owned() }
    }
}
