//! What a caller may see: accounts of its project, and with a key that is bound to an owner only that owner's.

use domain::{account::Account, ids::AccountId};
use store::accounts;

use crate::{App, auth::Caller, problem::Problem};

/// An account that the caller may see.
///
/// # Errors
/// [`Problem::NotFound`] also when it is another project's or owner's.
pub(super) async fn find(app: &App, caller: &Caller, id: AccountId) -> Result<Account, Problem> {
    let known = accounts::get(&app.database, caller.project.id, id).await?.ok_or(Problem::NotFound)?;
    let is_in_sight = caller.owner().is_none() || known.account.external_id.as_deref() == caller.owner();
    if is_in_sight { Ok(known.account) } else { Err(Problem::NotFound) }
}

/// The owner a call is made for: what it says, else what its key is bound to.
///
/// # Errors
/// [`Problem::Forbidden`] when the two differ.
pub(super) fn owner(caller: &Caller, named: Option<String>) -> Result<Option<String>, Problem> {
    match (named, caller.owner()) {
        (Some(named), Some(bound)) if named != bound => {
            Err(Problem::Forbidden("this key acts for one owner only, and `external_id` names another".to_owned()))
        }
        (named, bound) => Ok(named.or_else(|| bound.map(str::to_owned))),
    }
}
