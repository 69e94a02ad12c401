//! `DELETE /2/tweets/{id}`: one's own posts.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::json;

use super::super::fact::Fact;
use super::super::{X, auth, error, quota};
use super::query::id;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::Change;
use crate::lock::locked;

pub(in super::super) async fn delete(call: Call<X>, wanted: Path<String>) -> Result<HttpResponse, Refusal> {
    let user = auth::user(&call, &["tweet.read", "tweet.write", "users.read"], &quota::DELETE)?;
    let who = user.to_string();
    call.before(Operation::Delete, Some(&who), None).await?;
    let number = id("id", &wanted)?;
    {
        let mut state = locked(&call.state);
        let post = state.posts.get(&number).ok_or_else(|| error::not_found("id", "tweet", &wanted))?;
        if post.user != user {
            return Err(error::forbidden("You are not authorized to delete this Tweet."));
        }
        let fact = Fact::Deleted { id: number };
        let change = Change::Delete { platform: X::PLATFORM, platform_post_id: number.to_string(), at: call.now() };
        call.core.record_public(X::PLATFORM, &fact, change);
        state.apply(fact);
    }
    let answer = HttpResponse::Ok().json(json!({"data": {"deleted": true}}));
    call.after(Operation::Delete, &who, None, answer).await
}
