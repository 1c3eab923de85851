//! `/v1/customers/{id}/properties`, `/v1/properties` and customers' log-ins.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::{
    customer_users::{self, CustomerUser, CustomerUserState},
    properties::{self, Property, PropertyDetails, PropertyState},
};
use surv_tenancy::{Capability, ContactId, CustomerId, PropertyId, UserId, token::Subject};
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

const READ: (Capability, Subject) = (Capability::CustomersRead, Subject::Properties);
const WRITE: (Capability, Subject) = (Capability::CustomersWrite, Subject::Properties);
const READ_USERS: (Capability, Subject) = (Capability::CustomersRead, Subject::Contacts);
const WRITE_USERS: (Capability, Subject) = (Capability::CustomersWrite, Subject::Contacts);

/// A place where work is done.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Property", skip_serializing_if_is_none, example)]
pub struct PropertyView {
    pub id: Uuid,
    pub customer_id: Uuid,
    pub name: String,
    pub street: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Degrees, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// IANA zone: what "nine o'clock" means here.
    pub time_zone: String,
    /// How to get in; the office and whoever is assigned see it.
    pub access_notes: String,
    pub state: StateView,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What is known of a property; on a change, all of it.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PropertyInput {
    #[serde(default)]
    #[oai(default)]
    pub name: String,
    pub street: String,
    pub city: String,
    #[serde(default)]
    #[oai(default)]
    pub region: String,
    #[serde(default)]
    #[oai(default)]
    pub postal_code: String,
    pub country: String,
    #[serde(default)]
    pub latitude: Option<f64>,
    #[serde(default)]
    pub longitude: Option<f64>,
    pub time_zone: String,
    #[serde(default)]
    #[oai(default)]
    pub access_notes: String,
}

/// A page of properties.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct PropertyPage {
    pub items: Vec<PropertyView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Whether somebody can log in as the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "CustomerUserState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum UserStateView {
    Active,
    Disabled,
}

/// Somebody who may log in as the customer.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "CustomerUser", skip_serializing_if_is_none, example)]
pub struct CustomerUserView {
    pub user_id: Uuid,
    pub customer_id: Uuid,
    /// The contact that the person is, if the office keeps them as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<Uuid>,
    pub email: String,
    pub name: String,
    pub state: UserStateView,
    pub version: i32,
}

/// All of a customer's log-ins.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct CustomerUserList {
    pub items: Vec<CustomerUserView>,
}

/// Somebody who shall be able to log in.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct NewCustomerUser {
    pub email: String,
    pub name: String,
    /// If the person is one of the customer's contacts.
    #[serde(default)]
    pub contact_id: Option<Uuid>,
}

/// The state to move to.
#[derive(Debug, Clone, Deserialize, Object)]
#[oai(example)]
#[serde(deny_unknown_fields)]
pub struct CustomerUserPatch {
    pub state: UserStateView,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct PropertiesApi(pub Door);

#[OpenApi(prefix_path = "/v1", tag = "Tag::Properties")]
impl PropertiesApi {
    /// List a customer's properties
    #[oai(path = "/customers/:customer_id/properties", method = "get", operation_id = "listProperties")]
    async fn list(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<PropertyPage>> {
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "properties", &customer_id.0);
        let after = cursors.read::<Uuid>(cursor.0.as_deref())?.map(PropertyId);
        let page = properties::list(&mut tx, CustomerId(customer_id.0), after, limit).await?;
        let next_cursor = page.next.map(|id| cursors.write(&id.0));
        Ok(Reply::plain(PropertyPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Add a property
    #[oai(path = "/customers/:customer_id/properties", method = "post", operation_id = "createProperty")]
    async fn create(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<PropertyInput>,
    ) -> ApiResult<Created<PropertyView>> {
        let request = (customer_id.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE, key, "createProperty", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let property = properties::create(once.tx(), ids, now, CustomerId(customer_id.0), body.0.into()).await?;
        once.versioned(property.into()).await
    }

    /// Read a property
    #[oai(path = "/properties/:property_id", method = "get", operation_id = "getProperty")]
    async fn get(&self, caller: Caller, property_id: Path<Uuid>) -> ApiResult<Reply<PropertyView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(properties::get(&mut tx, PropertyId(property_id.0)).await?.into()))
    }

    /// Change a property
    #[oai(path = "/properties/:property_id", method = "patch", operation_id = "updateProperty")]
    async fn update(
        &self,
        caller: Caller,
        property_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<PropertyInput>,
    ) -> ApiResult<Reply<PropertyView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let property = properties::update(&mut tx, ids, now, PropertyId(property_id.0), seen.0, body.0.into()).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(property.into()))
    }

    /// Archive a property
    #[oai(path = "/properties/:property_id/archive", method = "post", operation_id = "archiveProperty")]
    async fn archive(
        &self,
        caller: Caller,
        property_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<PropertyView>> {
        self.move_to(&caller, property_id.0, seen.0, key, ("archiveProperty", PropertyState::Archived)).await
    }

    /// Bring an archived property back
    #[oai(path = "/properties/:property_id/restore", method = "post", operation_id = "restoreProperty")]
    async fn restore(
        &self,
        caller: Caller,
        property_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<PropertyView>> {
        self.move_to(&caller, property_id.0, seen.0, key, ("restoreProperty", PropertyState::Active)).await
    }

    /// List a customer's log-ins
    #[oai(path = "/customers/:customer_id/users", method = "get", operation_id = "listCustomerUsers")]
    async fn list_users(&self, caller: Caller, customer_id: Path<Uuid>) -> ApiResult<Reply<CustomerUserList>> {
        let mut tx = self.0.read(&caller, READ_USERS.0, READ_USERS.1).await?;
        let users = customer_users::list(&mut tx, CustomerId(customer_id.0)).await?;
        Ok(Reply::plain(CustomerUserList { items: users.into_iter().map(Into::into).collect() }))
    }

    /// Let somebody log in as the customer
    ///
    /// They log in by code or link. Doing it twice is once.
    #[oai(path = "/customers/:customer_id/users", method = "post", operation_id = "createCustomerUser")]
    async fn add_user(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        key: IdempotencyKey,
        body: Body<NewCustomerUser>,
    ) -> ApiResult<Created<CustomerUserView>> {
        let request = (customer_id.0, &body.0);
        let mut once = match self.0.once(&caller, WRITE_USERS, key, "createCustomerUser", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let customer_id = CustomerId(customer_id.0);
        let (contact_id, who) = (body.0.contact_id.map(ContactId), (body.0.email.as_str(), body.0.name.as_str()));
        let user = customer_users::add(once.tx(), ids, now, customer_id, contact_id, who).await?;
        once.versioned(user.into()).await
    }

    /// Take a log-in away, or give it back
    #[oai(path = "/customers/:customer_id/users/:user_id", method = "patch", operation_id = "updateCustomerUser")]
    async fn update_user(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        user_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<CustomerUserPatch>,
    ) -> ApiResult<Reply<CustomerUserView>> {
        let mut tx = self.0.write(&caller, WRITE_USERS.0, WRITE_USERS.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let state = match body.0.state {
            UserStateView::Active => CustomerUserState::Active,
            UserStateView::Disabled => CustomerUserState::Disabled,
        };
        let who = (UserId(user_id.0), CustomerId(customer_id.0));
        let user = customer_users::move_to(&mut tx, ids, now, who, seen.0, state).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(user.into()))
    }
}

impl PropertiesApi {
    async fn move_to(
        &self,
        caller: &Caller,
        property_id: Uuid,
        seen: i32,
        key: IdempotencyKey,
        (operation, state): (&str, PropertyState),
    ) -> ApiResult<Reply<PropertyView>> {
        let mut once = match self.0.once(caller, WRITE, key, operation, &(property_id, seen)).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let property = properties::move_to(once.tx(), ids, now, PropertyId(property_id), seen, state).await?;
        once.versioned(property.into()).await
    }
}

impl Versioned for PropertyView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl Versioned for CustomerUserView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<Property> for PropertyView {
    fn from(property: Property) -> Self {
        Self {
            id: property.property_id.0,
            customer_id: property.customer_id.0,
            name: property.name,
            street: property.street,
            city: property.city,
            region: property.region,
            postal_code: property.postal_code,
            country: property.country,
            latitude: property.latitude,
            longitude: property.longitude,
            time_zone: property.time_zone,
            access_notes: property.access_notes,
            state: match property.state {
                PropertyState::Active => StateView::Active,
                PropertyState::Archived => StateView::Archived,
            },
            created_at: property.created_at,
            updated_at: property.updated_at,
            version: property.version,
        }
    }
}

impl From<PropertyInput> for PropertyDetails {
    fn from(input: PropertyInput) -> Self {
        Self {
            name: input.name,
            street: input.street,
            city: input.city,
            region: input.region,
            postal_code: input.postal_code,
            country: input.country,
            latitude: input.latitude,
            longitude: input.longitude,
            time_zone: input.time_zone,
            access_notes: input.access_notes,
        }
    }
}

impl From<CustomerUser> for CustomerUserView {
    fn from(user: CustomerUser) -> Self {
        Self {
            user_id: user.user_id.0,
            customer_id: user.customer_id.0,
            contact_id: user.contact_id.map(|id| id.0),
            email: user.email,
            name: user.name,
            state: match user.state {
                CustomerUserState::Active => UserStateView::Active,
                CustomerUserState::Disabled => UserStateView::Disabled,
            },
            version: user.version,
        }
    }
}
