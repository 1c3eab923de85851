//! What e-mails look like. Templates are files of the program; what people typed is only ever a value in them.

use surv_tenancy::{
    branding::{Branding, text_colour_on},
    mail::{EmailTemplate, Params},
};
use tera::{Context, Tera};

macro_rules! templates {
    ($($name:literal,)*) => {
        &[$(
            (concat!($name, ".subject.txt"), include_str!(concat!("../../../templates/", $name, ".subject.txt"))),
            (concat!($name, ".txt"), include_str!(concat!("../../../templates/", $name, ".txt"))),
            (concat!($name, ".html"), include_str!(concat!("../../../templates/", $name, ".html"))),
        )*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates! {
    "sign_up_confirm", "sign_up_known_address", "password_reset", "password_changed", "invitation", "login_code",
    "visit_on_the_way", "job_link",
};

const LAYOUTS: &[(&str, &str)] = &[
    ("layout.html", include_str!("../../../templates/layout.html")),
    ("layout.txt", include_str!("../../../templates/layout.txt")),
];

/// One mail's texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The templates, read once.
pub struct Emails(Tera);

impl Emails {
    /// # Errors
    /// A template is faulty: a mistake in the program.
    pub fn new() -> Result<Self, tera::Error> {
        let mut tera = Tera::default();
        // Plain text and subjects are not markup: escaping would show in them.
        tera.autoescape_on([".html"]);
        tera.add_raw_templates(LAYOUTS.iter().chain(TEMPLATES).copied())?;
        Ok(Self(tera))
    }

    /// The texts of one mail. A place without a value is an error, not a gap.
    ///
    /// # Errors
    /// A value is missing. The message may quote values: not for logs.
    pub fn render(
        &self,
        template: EmailTemplate,
        brand: &Branding,
        to_name: Option<&str>,
        params: &Params,
    ) -> Result<Rendered, tera::Error> {
        let context = context(brand, to_name, params);
        let file = |ending: &str| self.0.render(&format!("{}.{ending}", template.as_str()), &context);
        Ok(Rendered {
            subject: surv_integrations::sendgrid::clean_line(&file("subject.txt")?),
            text: file("txt")?,
            html: file("html")?,
        })
    }
}

fn context(brand: &Branding, to_name: Option<&str>, params: &Params) -> Context {
    let mut context = Context::new();
    for (name, value) in params {
        context.insert(name.clone(), value);
    }
    // Last: what a task brings can't pretend to be the company.
    context.insert(
        "brand",
        &serde_json::json!({
            "name": brand.display_name,
            "accent": brand.accent,
            "on_accent": text_colour_on(&brand.accent),
            "phone": brand.phone,
        }),
    );
    context.insert("to_name", &to_name);
    context
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
