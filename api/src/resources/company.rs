//! `/v1/company`: the company itself and what its customers see of it.

use chrono::{DateTime, Utc};
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use surv_tenancy::{
    Capability, FileId,
    branding::{self, Branding, BrandingPatch},
    tenants::{self, Company, CompanyPatch},
    token::Subject,
};
use uuid::Uuid;

use super::Tag;
use crate::{
    caller::Caller,
    door::Door,
    etag::IfMatch,
    json::{Body, Reply, Versioned, double_option},
    problem::ApiResult,
};

const READ: (Capability, Subject) = (Capability::CompanyRead, Subject::Company);
const WRITE: (Capability, Subject) = (Capability::CompanyWrite, Subject::Company);

/// The caller's company.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Company", example)]
pub struct CompanyView {
    pub id: Uuid,
    /// Its part of the host name.
    pub slug: String,
    pub name: String,
    /// IANA zone of the office.
    pub time_zone: String,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

/// The fields to change.
#[derive(Debug, Clone, Deserialize, Object)]
#[oai(rename = "CompanyPatch", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PatchCompany {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What customers see of the company.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Branding", skip_serializing_if_is_none, example)]
pub struct BrandingView {
    pub display_name: String,
    /// `#rrggbb`.
    pub accent: String,
    /// A colour for text that is readable on the accent.
    pub accent_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where customers' answers to e-mails go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The file of the logo; everybody finds it under the company's public address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_file_id: Option<Uuid>,
    pub version: i32,
}

/// The fields to change; `null` clears one.
#[derive(Debug, Clone, Deserialize, Object)]
#[oai(rename = "BrandingPatch", skip_serializing_if_is_none, example)]
#[serde(deny_unknown_fields)]
pub struct PatchBranding {
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub accent: Option<String>,
    #[serde(default, deserialize_with = "double_option")]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "double_option")]
    pub reply_to: Option<Option<String>>,
    /// A file for the purpose `logo` that is ready.
    #[serde(default, deserialize_with = "double_option")]
    pub logo_file_id: Option<Option<Uuid>>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct CompanyApi(pub Door);

#[OpenApi(prefix_path = "/v1/company", tag = "Tag::Company")]
impl CompanyApi {
    /// Read the company
    #[oai(path = "/", method = "get", operation_id = "getCompany")]
    async fn get(&self, caller: Caller) -> ApiResult<Reply<CompanyView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(tenants::read(&mut tx).await?.into()))
    }

    /// Change the company
    #[oai(path = "/", method = "patch", operation_id = "updateCompany")]
    async fn update(&self, caller: Caller, seen: IfMatch, body: Body<PatchCompany>) -> ApiResult<Reply<CompanyView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let patch = CompanyPatch { name: body.0.name, time_zone: body.0.time_zone };
        let company = tenants::update(&mut tx, ids, now, seen.0, patch).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(company.into()))
    }

    /// Read the branding
    #[oai(path = "/branding", method = "get", operation_id = "getBranding")]
    async fn branding(&self, caller: Caller) -> ApiResult<Reply<BrandingView>> {
        let mut tx = self.0.read(&caller, READ.0, READ.1).await?;
        Ok(Reply::versioned(branding::read(&mut tx).await?.into()))
    }

    /// Change the branding
    #[oai(path = "/branding", method = "patch", operation_id = "updateBranding")]
    async fn update_branding(
        &self,
        caller: Caller,
        seen: IfMatch,
        body: Body<PatchBranding>,
    ) -> ApiResult<Reply<BrandingView>> {
        let mut tx = self.0.write(&caller, WRITE.0, WRITE.1).await?;
        let (ids, now) = (self.0.deps().ids(), self.0.deps().clock().now());
        let PatchBranding { display_name, accent, phone, reply_to, logo_file_id } = body.0;
        let logo_file_id = logo_file_id.map(|id| id.map(FileId));
        let patch = BrandingPatch { display_name, accent, phone, reply_to, logo_file_id };
        let branding = branding::update(&mut tx, ids, now, seen.0, patch).await?;
        self.0.commit(tx).await?;
        Ok(Reply::versioned(branding.into()))
    }
}

impl Versioned for CompanyView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl Versioned for BrandingView {
    fn version(&self) -> i32 {
        self.version
    }
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        Self {
            id: company.tenant_id.0,
            slug: company.slug,
            name: company.name,
            time_zone: company.time_zone,
            created_at: company.created_at,
            version: company.version,
        }
    }
}

impl From<Branding> for BrandingView {
    fn from(branding: Branding) -> Self {
        let accent_text = branding::text_colour_on(&branding.accent).to_owned();
        Self {
            display_name: branding.display_name,
            accent: branding.accent,
            accent_text,
            phone: branding.phone,
            reply_to: branding.reply_to,
            logo_file_id: branding.logo_file_id.map(|id| id.0),
            version: branding.version,
        }
    }
}
