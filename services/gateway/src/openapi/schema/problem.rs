//! What goes wrong.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::problem::CODES;

/// RFC 9457.
#[derive(ToSchema)]
pub(super) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    code: Code,
    detail: String,
    request_id: String,
    /// Every fault, where fields are at fault.
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
    /// The account that has the profile, with `account_owned`.
    #[schema(nullable = false)]
    account_id: Option<String>,
}

/// The closed list of codes.
struct Code;

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let codes: Vec<&str> = CODES.iter().map(|entry| entry.0).collect();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).into()
    }
}

impl ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProblemCode".into()
    }
}

/// One thing that is wrong.
#[derive(ToSchema)]
pub(super) struct FieldError {
    /// A JSON pointer into the body, or `?name` for a parameter.
    #[schema(example = "/containers/0/content")]
    pointer: String,
    #[schema(example = "text_too_long")]
    code: String,
    detail: String,
    #[schema(nullable = false)]
    platform: Option<String>,
    #[schema(nullable = false)]
    account_id: Option<String>,
}
