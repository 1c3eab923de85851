//! `/v1/customers`: the model resource. Each operation requires, begins, calls one use case, commits and views.

use chrono::{DateTime, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use surv_operations::customers::{
    self, CreatedPosition, Customer, CustomerDetails, CustomerKind, CustomerPatch, CustomerState, NamePosition,
    SearchPosition, Terms,
};
use surv_tenancy::{Capability, CustomerId, db::TenantTx, token::Subject};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::{Door, IdempotencyKey, Once},
    etag::IfMatch,
    json::{Body, Created, Reply, Versioned, double_option},
    page::{Cursors, limit},
    problem::{ApiResult, Problem, ProblemKind},
};

const READ: (Capability, Subject) = (Capability::CustomersRead, Subject::Customers);
const WRITE: (Capability, Subject) = (Capability::CustomersWrite, Subject::Customers);

/// Whether a customer is somebody or a firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "CustomerKind", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum KindView {
    Person,
    Company,
}

/// Whether a customer stands in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename = "CustomerState", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum StateView {
    Active,
    Archived,
}

/// How a list of customers is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename = "CustomerSort", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    Newest,
    /// By name.
    Name,
}

/// Somebody the company works for.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Customer", skip_serializing_if_is_none, example)]
pub struct CustomerView {
    pub id: Uuid,
    pub kind: KindView,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// In E.164, such as `+493012345678`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Only the office sees these.
    pub office_notes: String,
    pub state: StateView,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Counts changes; the ETag is made of it.
    pub version: i32,
}

/// A new customer.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    pub kind: KindView,
    /// 1 to 200 characters.
    pub name: String,
    #[serde(default)]
    pub email: Option<String>,
    /// With country code.
    #[serde(default)]
    pub phone: Option<String>,
    /// At most 4,000 characters; only the office sees them.
    #[serde(default)]
    pub office_notes: Option<String>,
}

/// The fields to change. A field that is absent stays; `null` clears it.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(rename = "CustomerPatch", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PatchCustomer {
    #[serde(default)]
    pub kind: Option<KindView>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "double_option")]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "double_option")]
    pub phone: Option<Option<String>>,
    #[serde(default)]
    pub office_notes: Option<String>,
}

/// A page of customers.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct CustomerPage {
    pub items: Vec<CustomerView>,
    /// Give it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct CustomersApi(pub Door);

#[OpenApi(prefix_path = "/v1/customers", tag = "Tag::Customers")]
impl CustomersApi {
    /// List or search customers
    ///
    /// With `q`, those of whom every word typed begins a word of name, e-mail address or phone number.
    #[oai(path = "/", method = "get", operation_id = "listCustomers")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        caller: Caller,
        /// Words to search for.
        q: Query<Option<String>>,
        /// `active` unless asked otherwise.
        state: Query<Option<StateView>>,
        /// `newest` unless asked otherwise; a search has its own order.
        sort: Query<Option<Sort>>,
        /// Items a page, 1 to 200; 50 unless asked otherwise.
        limit: Query<Option<u16>>,
        /// From the page before.
        cursor: Query<Option<String>>,
    ) -> ApiResult<Reply<CustomerPage>> {
        let wanted =
            Wanted { q: q.0, state: state.0.unwrap_or(StateView::Active), sort: sort.0.unwrap_or(Sort::Newest) };
        let limit = self::limit(limit.0)?;
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let cursors = Cursors::new(&self.0.deps().identity.sealer, tx.actor(), "customers", &wanted);
        wanted.page(&mut tx, &cursors, cursor.0.as_deref(), limit).await.map(Reply::plain)
    }

    /// Add a customer
    #[oai(path = "/", method = "post", operation_id = "createCustomer")]
    async fn create(
        &self,
        caller: Caller,
        key: IdempotencyKey,
        body: Body<NewCustomer>,
    ) -> ApiResult<Created<CustomerView>> {
        let mut once = match self.0.once(&caller, WRITE, key, "createCustomer", &body.0).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let customer = customers::create(once.tx(), ids, now, body.0.into()).await?;
        once.versioned(customer.into()).await
    }

    /// Read a customer
    #[oai(path = "/:customer_id", method = "get", operation_id = "getCustomer")]
    async fn get(&self, caller: Caller, customer_id: Path<Uuid>) -> ApiResult<Reply<CustomerView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        let customer = customers::get(&mut tx, CustomerId(customer_id.0)).await?;
        Ok(Reply::versioned(customer.into()))
    }

    /// Change a customer
    #[oai(path = "/:customer_id", method = "patch", operation_id = "updateCustomer")]
    async fn update(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        seen: IfMatch,
        body: Body<PatchCustomer>,
    ) -> ApiResult<Reply<CustomerView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let customer = customers::update(&mut tx, ids, now, CustomerId(customer_id.0), seen.0, body.0.into()).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(customer.into()))
    }

    /// Archive a customer
    ///
    /// Takes it out of lists and search; everything about it stays. Refused while it has open jobs.
    #[oai(path = "/:customer_id/archive", method = "post", operation_id = "archiveCustomer")]
    async fn archive(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<CustomerView>> {
        let request = (customer_id.0, seen.0);
        let mut once = match self.0.once(&caller, WRITE, key, "archiveCustomer", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let customer = customers::archive(once.tx(), ids, now, CustomerId(customer_id.0), seen.0).await?;
        once.versioned(customer.into()).await
    }

    /// Bring an archived customer back
    #[oai(path = "/:customer_id/restore", method = "post", operation_id = "restoreCustomer")]
    async fn restore(
        &self,
        caller: Caller,
        customer_id: Path<Uuid>,
        seen: IfMatch,
        key: IdempotencyKey,
    ) -> ApiResult<Reply<CustomerView>> {
        let request = (customer_id.0, seen.0);
        let mut once = match self.0.once(&caller, WRITE, key, "restoreCustomer", &request).await? {
            Once::Again(answer) => return Ok(Reply::again(answer)),
            Once::First(first) => first,
        };
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let customer = customers::restore(once.tx(), ids, now, CustomerId(customer_id.0), seen.0).await?;
        once.versioned(customer.into()).await
    }
}

/// What a list was asked for.
#[derive(Debug, Serialize)]
struct Wanted {
    q: Option<String>,
    state: StateView,
    sort: Sort,
}

/// A position in any of the lists, as cursors hold it.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    key: String,
    id: Uuid,
}

impl Wanted {
    async fn page(
        &self,
        tx: &mut TenantTx,
        cursors: &Cursors,
        cursor: Option<&str>,
        limit: usize,
    ) -> ApiResult<CustomerPage> {
        let at = cursors.read::<Position>(cursor)?;
        let state = self.state.into();
        let (items, next) = match (&self.q, self.sort) {
            (Some(q), _) => {
                let refused = || Problem::new(ProblemKind::InvalidParameter).field("q", "holds no word to search for");
                let terms = Terms::parse(q).ok_or_else(refused)?;
                let after = at.map(|p| SearchPosition { word: p.key, customer_id: CustomerId(p.id) });
                let page = customers::search(tx, &terms, state, after, limit).await?;
                (page.items, page.next.map(|p| Position { key: p.word, id: p.customer_id.0 }))
            }
            (None, Sort::Name) => {
                let after = at.map(|p| NamePosition { name_key: p.key, customer_id: CustomerId(p.id) });
                let page = customers::list_by_name(tx, state, after, limit).await?;
                (page.items, page.next.map(|p| Position { key: p.name_key, id: p.customer_id.0 }))
            }
            (None, Sort::Newest) => {
                let after = at.map(created_position).transpose()?;
                let page = customers::list_newest(tx, state, after, limit).await?;
                (page.items, page.next.map(|p| Position { key: p.created_at.to_rfc3339(), id: p.customer_id.0 }))
            }
        };
        let next_cursor = next.map(|position| cursors.write(&position));
        Ok(CustomerPage { items: items.into_iter().map(Into::into).collect(), next_cursor })
    }
}

fn created_position(position: Position) -> ApiResult<CreatedPosition> {
    let created_at = position.key.parse().map_err(|_| Problem::new(ProblemKind::InvalidCursor))?;
    Ok(CreatedPosition { created_at, customer_id: CustomerId(position.id) })
}

impl Versioned for CustomerView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.customer_id.0,
            kind: match customer.kind {
                CustomerKind::Person => KindView::Person,
                CustomerKind::Company => KindView::Company,
            },
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            office_notes: customer.office_notes,
            state: match customer.state {
                CustomerState::Active => StateView::Active,
                CustomerState::Archived => StateView::Archived,
            },
            created_at: customer.created_at,
            updated_at: customer.updated_at,
            version: customer.version,
        }
    }
}

impl From<StateView> for CustomerState {
    fn from(state: StateView) -> Self {
        match state {
            StateView::Active => Self::Active,
            StateView::Archived => Self::Archived,
        }
    }
}

impl From<KindView> for CustomerKind {
    fn from(kind: KindView) -> Self {
        match kind {
            KindView::Person => Self::Person,
            KindView::Company => Self::Company,
        }
    }
}

impl From<NewCustomer> for CustomerDetails {
    fn from(new: NewCustomer) -> Self {
        Self {
            kind: new.kind.into(),
            name: new.name,
            email: new.email,
            phone: new.phone,
            office_notes: new.office_notes,
        }
    }
}

impl From<PatchCustomer> for CustomerPatch {
    fn from(patch: PatchCustomer) -> Self {
        Self {
            kind: patch.kind.map(Into::into),
            name: patch.name,
            email: patch.email,
            phone: patch.phone,
            office_notes: patch.office_notes,
        }
    }
}
