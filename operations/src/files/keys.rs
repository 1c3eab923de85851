//! Where a file's bytes lie. Keys are made of ids alone: nothing that anybody typed is in one.

use surv_tenancy::{FileId, TenantId};

/// One of the images that we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// At most [`Variant::longest_side`] pixels.
    Full,
    Thumbnail,
}

impl Variant {
    pub const ALL: [Self; 2] = [Self::Full, Self::Thumbnail];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// Larger images are made smaller.
    pub const fn longest_side(self) -> u32 {
        match self {
            Self::Full => 4096,
            Self::Thumbnail => 400,
        }
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// As it was uploaded: nobody but the worker reads it, and it goes away.
    Original,
    Image(Variant),
}

/// The key of an object, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    pub tenant_id: TenantId,
    pub file_id: FileId,
    pub part: Part,
}

impl FileKey {
    pub const fn original(tenant_id: TenantId, file_id: FileId) -> Self {
        Self { tenant_id, file_id, part: Part::Original }
    }

    pub const fn image(tenant_id: TenantId, file_id: FileId, variant: Variant) -> Self {
        Self { tenant_id, file_id, part: Part::Image(variant) }
    }

    /// Every object that a file may have.
    pub fn all(tenant_id: TenantId, file_id: FileId) -> [Self; 3] {
        let [full, thumbnail] = Variant::ALL.map(|variant| Self::image(tenant_id, file_id, variant));
        [Self::original(tenant_id, file_id), full, thumbnail]
    }

    /// What all keys of a company begin with.
    pub fn prefix(tenant_id: TenantId) -> String {
        format!("tenant/{tenant_id}/")
    }

    /// Reads a key that [`FileKey`]'s `Display` wrote, in exactly that spelling; anything else is not ours.
    pub fn parse(key: &str) -> Option<Self> {
        let mut words = key.split('/');
        let mut next = || words.next();
        if next()? != "tenant" {
            return None;
        }
        let tenant_id = next()?.parse().ok()?;
        let (place, file_id) = (next()?, next()?.parse().ok()?);
        let part = match (place, next()) {
            ("uploads", None) => Part::Original,
            ("files", Some(word)) => Part::Image(Variant::ALL.into_iter().find(|variant| variant.as_str() == word)?),
            _ => return None,
        };
        let read = Self { tenant_id, file_id, part };
        (read.to_string() == key).then_some(read)
    }
}

impl std::fmt::Display for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tenant_id, file_id, .. } = self;
        match self.part {
            Part::Original => write!(f, "tenant/{tenant_id}/uploads/{file_id}"),
            Part::Image(variant) => write!(f, "tenant/{tenant_id}/files/{file_id}/{}", variant.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_key_reads_back_and_no_other_spelling_of_it_does(
            tenant in any::<u128>(), file in any::<u128>(), part in 0_usize..3, at in any::<prop::sample::Index>(), letter in "[ -~]",
        ) {
            let (tenant, file) = (TenantId(Uuid::from_u128(tenant)), FileId(Uuid::from_u128(file)));
            let key = FileKey::all(tenant, file)[part];
            let text = key.to_string();
            prop_assert_eq!(FileKey::parse(&text), Some(key));
            prop_assert!(text.starts_with(&FileKey::prefix(tenant)));

            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &letter);
            if changed != text {
                prop_assert_ne!(FileKey::parse(&changed), Some(key), "{}", changed);
            }
            let mut longer = text.clone();
            longer.insert_str(at, &letter);
            prop_assert_eq!(FileKey::parse(&longer), None, "{}", longer);
        }

        #[test]
        fn whatever_reads_is_what_we_write(text in "(tenant|TENANT|\\.\\.)?/?[0-9a-fA-F-]{0,36}/(uploads|files|\\.\\.)/[0-9a-fA-F-]{0,36}(/full|/thumbnail|/\\.\\.)?/?") {
            if let Some(key) = FileKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        let (tenant, file) = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-00000000000a");
        for other in [
            String::new(),
            format!("/tenant/{tenant}/uploads/{file}"),
            format!("tenant/{tenant}/uploads/{file}/"),
            format!("tenant/{tenant}/uploads/../uploads/{file}"),
            format!("tenant/{tenant}/uploads/{}", file.to_uppercase()),
            format!("tenant/{tenant}/uploads/{}", file.replace('-', "")),
            format!("tenant/{tenant}/uploads/{{{file}}}"),
            format!("tenant/{tenant}/files/{file}"),
            format!("tenant/{tenant}/files/{file}/original"),
            format!("tenant/{tenant}/%66iles/{file}/full"),
        ] {
            assert_eq!(FileKey::parse(&other), None, "{other}");
        }
    }
}
