//! What a caller may see: posts of its project, and with a key that is bound to an owner only those that touch nothing
//! but that owner's accounts.

use domain::{ids::PostId, post::Post};
use store::accounts;

use crate::{App, auth::Caller, problem::Problem};

/// A post that the caller may see.
///
/// # Errors
/// [`Problem::NotFound`] also when it is another project's or owner's.
pub(super) async fn find(app: &App, caller: &Caller, id: PostId) -> Result<Post, Problem> {
    let post = app.posts.get(caller.project.id, id).await?.ok_or(Problem::NotFound)?;
    if may_see(app, caller, &post).await? { Ok(post) } else { Err(Problem::NotFound) }
}

/// Whether the caller may see a post of its project.
///
/// # Errors
/// Those of the database.
pub(super) async fn may_see(app: &App, caller: &Caller, post: &Post) -> Result<bool, Problem> {
    let Some(owner) = caller.owner() else { return Ok(true) };
    let ids: Vec<_> = post.targets.iter().map(|target| target.account_id).collect();
    let known = accounts::get_many(&app.database, caller.project.id, &ids).await?;
    // An account that is gone has no owner to speak for it.
    Ok(known.len() == ids.len() && known.iter().all(|known| known.account.external_id.as_deref() == Some(owner)))
}
