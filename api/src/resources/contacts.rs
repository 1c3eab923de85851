//! `/v1/customers/{id}/contacts` and `/v1/contacts`: the people to talk to.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::contacts::{self, Contact, ContactDetails, ContactState};
use surv_tenancy::{Capability, ContactId, CustomerId, token::Subject};
use uuid::Uuid;

use super::{Tag, customers::StateView};
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Reply, Versioned},
    page::{Cursors, limit},
    problem::ApiResult,
};

const READ: (Capability, Subject) = (Capability::CustomersRead, Subject::Contacts);
const WRITE: (Capability, Subject) = (Capability::CustomersWrite, Subject::Contacts);

/// Somebody to talk to at a customer.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Contact", skip_serializing_if_is_none, example)]
pub struct ContactView {
    pub id: Uuid,
    pub customer_id: Uuid,
    pub name: String,
    /// What they are there, such as "caretaker".
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whom to call first; one a customer.
    pub is_primary: bool,
    /// Only the office sees them.
    pub office_notes: String,
    pub state: StateView,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What is known of a contact; on a change, all of it.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    pub name: String,
    #[serde(default)]
    #[oai(default)]
    pub title: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    /// Takes the first place from whoever has it.
    #[serde(default)]
    #[oai(default)]
    pub is_primary: bool,
    #[serde(default)]
    #[oai(default)]
    pub office_notes: String,
}

/// A page of contacts.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct ContactPage {
    pub items: Vec<ContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct ContactsApi(pub Door);

#[OpenApi(prefix_path = "/v1", tag = "Tag::Contacts")]
impl ContactsApi {
    /// List a customer's contacts
    ///
    /// Archived ones too, oldest first.
    #[oai(path = "/customers/:customer_id/contacts", method = "get", operation_id = "listContacts")]
    async fn list(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<ContactPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "contacts", &customer_id.0);
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(ContactId);
        let page = contacts::list(&mut tx, CustomerId(customer_id.0), after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(ContactPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Add a contact
    #[oai(path = "/customers/:customer_id/contacts", method = "post", operation_id = "createContact")]
    async fn create(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<ContactInput>,
    ) -> ApiResult<Created<ContactView>> {
        let request = (customer_id.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "createContact", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let contact = contacts::create(once.tx(), ids, now, CustomerId(customer_id.0), body.0.into()).await?;
        once.versioned(contact.into()).await
    }

    /// Read a contact
    #[oai(path = "/contacts/:contact_id", method = "get", operation_id = "getContact")]
    async fn get(&self, caller: Caller, contact_id: Path<Uuid>) -> ApiResult<Reply<ContactView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(contacts::get(&mut tx, ContactId(contact_id.0)).await?.into()))
    }

    /// Change a contact
    #[oai(path = "/contacts/:contact_id", method = "patch", operation_id = "updateContact")]
    async fn update(
        &self,
        caller: Caller,
        contact_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<ContactInput>,
    ) -> ApiResult<Reply<ContactView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let contact = contacts::update(&mut tx, ids, now, ContactId(contact_id.0), seen.0, body.0.into()).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(contact.into()))
    }

    /// Archive a contact
    #[oai(path = "/contacts/:contact_id/archive", method = "post", operation_id = "archiveContact")]
    async fn archive(
        &self,
        caller: Caller,
        contact_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<ContactView>> {
        self.move_to(&caller, contact_id.0, seen.0, key, ("archiveContact", ContactState::Archived)).await
    }

    /// Bring an archived contact back
    #[oai(path = "/contacts/:contact_id/restore", method = "post", operation_id = "restoreContact")]
    async fn restore(
        &self,
        caller: Caller,
        contact_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<ContactView>> {
        self.move_to(&caller, contact_id.0, seen.0, key, ("restoreContact", ContactState::Active)).await
    }
}

impl ContactsApi {
    async fn move_to(
        &self,
        caller: &Caller,
        contact_id: Uuid,
        seen: i32,
        key: IdempotencyKey,
        (operation, state): (&str, ContactState),
    ) -> ApiResult<Reply<ContactView>> {
        let mut once = match self.0.once(caller, WRITE, key, operation, &(contact_id, seen)).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let contact = contacts::move_to(once.tx(), ids, now, ContactId(contact_id), seen, state).await?;
        once.versioned(contact.into()).await
    }
}

impl Versioned for ContactView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        Self {
            id: contact.contact_id.0,
            customer_id: contact.customer_id.0,
            name: contact.name,
            title: contact.title,
            email: contact.email,
            phone: contact.phone,
            is_primary: contact.is_primary,
            office_notes: contact.office_notes,
            state: match contact.state {
                ContactState::Active => StateView::Active,
                ContactState::Archived => StateView::Archived,
            },
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            version: contact.version,
        }
    }
}

impl From<ContactInput> for ContactDetails {
    fn from(input: ContactInput) -> Self {
        Self {
            name: input.name,
            title: input.title,
            email: input.email,
            phone: input.phone,
            is_primary: input.is_primary,
            office_notes: input.office_notes,
        }
    }
}
