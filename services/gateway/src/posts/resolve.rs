//! `POST /v1/posts/{id}/targets/{tid}/resolve`

use actix_web::{HttpResponse, web::Data};
use domain::ids::{PostId, TargetId};
use store::posts::{Change, Verdict};

use super::change::call;
use crate::{App, auth::Caller, body::Body, fields::Object, ids::Ids, problem::Problem, query::Query};

/// What a caller may say of an unconfirmed target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum As {
    Published,
    Retry,
    Failed,
}

/// Takes the caller's word on a target whose outcome nobody could find out.
pub(crate) async fn resolve(
    app: Data<App>,
    caller: Caller,
    Ids(id, target): Ids<PostId, TargetId>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    query.read(|_| Some(()))?;
    let verdict = body.read(read)?;
    call(&app, &caller, &body, id, Change::Resolve(target, verdict)).await
}

fn read(body: &Object<'_>) -> Option<Verdict> {
    let word = body.required("as").word::<As>();
    let field = body.optional("platform_post_id");
    if field.value().is_some() && word.is_some_and(|word| word != As::Published) {
        field.fault("conflicting_fields", "belongs to `published` only");
    }
    let platform_post_id = field.text(1..=500).map(str::to_owned);
    Some(match word? {
        As::Published => Verdict::Published { platform_post_id },
        As::Retry => Verdict::Retry,
        As::Failed => Verdict::Failed,
    })
}
