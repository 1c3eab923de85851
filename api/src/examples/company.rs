use poem_openapi::types::Example;

use super::{COMPANY, FILE, TIME_ZONE, december};
use crate::resources::company::{BrandingView, CompanyView, PatchBranding, PatchCompany};

pub(super) const SLUG: &str = "alpenklima";
pub(super) const NAME: &str = "Alpenklima GmbH";
pub(super) const PHONE: &str = "+4315550142";

impl Example for CompanyView {
    fn example() -> Self {
        Self {
            id: COMPANY,
            slug: SLUG.to_owned(),
            name: NAME.to_owned(),
            time_zone: TIME_ZONE.to_owned(),
            created_at: december(1, 7, 30),
            version: 3,
        }
    }
}

impl Example for PatchCompany {
    fn example() -> Self {
        Self { name: Some(NAME.to_owned()), time_zone: Some(TIME_ZONE.to_owned()) }
    }
}

impl Example for BrandingView {
    fn example() -> Self {
        Self {
            display_name: "Alpenklima".to_owned(),
            accent: "#0b6e4f".to_owned(),
            accent_text: "#ffffff".to_owned(),
            phone: Some(PHONE.to_owned()),
            reply_to: Some("office@alpenklima.example".to_owned()),
            logo_file_id: Some(FILE),
            version: 3,
        }
    }
}

impl Example for PatchBranding {
    fn example() -> Self {
        Self {
            display_name: Some("Alpenklima".to_owned()),
            accent: Some("#0b6e4f".to_owned()),
            phone: Some(Some(PHONE.to_owned())),
            reply_to: Some(Some("office@alpenklima.example".to_owned())),
            logo_file_id: Some(Some(FILE)),
        }
    }
}
