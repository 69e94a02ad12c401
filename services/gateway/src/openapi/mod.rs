//! The API as an OpenAPI 3.1 document.
//!
//! [`operations`] is a table beside the router's, and a test holds them together; [`schema`] mirrors what `domain` and
//! `store` serialise, since those know nothing of OpenAPI, and a test holds those together too.

mod operations;
mod schema;
#[cfg(test)]
mod tests;

use actix_web::{HttpResponse, http::header::ContentType};
use utoipa::openapi::{
    ArrayBuilder, ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    PathsBuilder, Ref, RefOr, Required, ResponseBuilder, Schema, Type,
    path::{OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{Object, SchemaType},
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use crate::problem::{self, Problem};
use operations::{Answer, Operation};

/// The name of the only security scheme.
const BEARER: &str = "api_key";
const JSON: &str = "application/json";

/// The native API as OpenAPI 3.1.
pub fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Fanfare")
        .version("1")
        .description(Some(
            "One API call, every social network. Times are RFC 3339 in UTC, durations ISO 8601. Every POST takes an \
             `Idempotency-Key`: for 24 hours the same call under the same key is answered as before and does nothing, \
             and secrets are left out of such an answer.",
        ))
        .build();
    let paths = operations::all().fold(PathsBuilder::new(), |paths, operation| {
        let item = utoipa::openapi::PathItem::new(method(operation.method), describe(operation));
        paths.path(operation.path, item)
    });
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = schema::register(ComponentsBuilder::new()).security_scheme(BEARER, bearer).build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new(BEARER, [""; 0])]))
        .build()
}

/// `GET /v1/openapi.json`
pub(crate) async fn show() -> Result<HttpResponse, Problem> {
    let text = openapi().to_json().map_err(|error| Problem::Internal(format!("the OpenAPI document: {error}")))?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(text))
}

fn method(name: &str) -> HttpMethod {
    match name {
        "post" => HttpMethod::Post,
        "put" => HttpMethod::Put,
        "patch" => HttpMethod::Patch,
        "delete" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn describe(operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut built =
        OperationBuilder::new().operation_id(Some(operation.id)).summary(Some(operation.summary)).tag(operation.tag());
    if let Some(scope) = operation.scope {
        built = built.description(Some(format!("Needs the scope `{}`.", scope.word())));
    }
    for name in path_parameters(operation.path) {
        built = built.parameter(parameter(name, ParameterIn::Path, None));
    }
    for (name, description) in operation.query {
        built = built.parameter(parameter(name, ParameterIn::Query, Some(description)));
    }
    if operation.method == "post" {
        let text = "At most 255 characters of ASCII; see above.";
        built = built.parameter(parameter("Idempotency-Key", ParameterIn::Header, Some(text)));
    }
    if let Some(body) = operation.body {
        let content = ContentBuilder::new().schema(Some(reference(body))).build();
        built = built.request_body(Some(
            RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True)).build(),
        ));
    }
    if operation.is_open {
        built = built.security(SecurityRequirement::default());
    }
    for (status, answer) in operation.answers {
        built = built.response(status.to_string(), response(*answer));
    }
    let content = ContentBuilder::new().schema(Some(reference("Problem"))).build();
    let problem = ResponseBuilder::new().description("What went wrong").content(problem::CONTENT_TYPE, content);
    built.response("default", problem.build()).build()
}

fn parameter(name: &str, place: ParameterIn, description: Option<&str>) -> utoipa::openapi::path::Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(text()))
        .build()
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn response(answer: Answer) -> utoipa::openapi::Response {
    let json = |schema: RefOr<Schema>| ContentBuilder::new().schema(Some(schema)).build();
    let built = ResponseBuilder::new();
    match answer {
        Answer::One(name) => built.description(name).content(JSON, json(reference(name))),
        Answer::List(name) => built.description(format!("A page of {name}")).content(JSON, json(page(name, true))),
        Answer::Feed(name) => {
            built.description(format!("{name} in commit order")).content(JSON, json(page(name, false)))
        }
        Answer::Whole(name) => built.description(format!("Every {name}")).content(JSON, json(page(name, true))),
        Answer::Bytes => built.description("The bytes").content("*/*", json(text())),
        Answer::Nothing => built.description("Done"),
    }
    .build()
}

/// `{"data": [...], "next_cursor": ...}`
fn page(name: &str, ends: bool) -> RefOr<Schema> {
    let cursor = ObjectBuilder::new().schema_type(match ends {
        true => SchemaType::from_iter([Type::String, Type::Null]),
        false => SchemaType::new(Type::String),
    });
    ObjectBuilder::new()
        .property("data", ArrayBuilder::new().items(reference(name)))
        .required("data")
        .property("next_cursor", cursor)
        .required("next_cursor")
        .into()
}

fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn text() -> RefOr<Schema> {
    RefOr::T(Schema::Object(Object::with_type(Type::String)))
}
