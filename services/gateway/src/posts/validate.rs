//! `POST /v1/posts/validate`

use actix_web::web::{Data, Json};
use domain::{fault::Fault, ids::AccountId, platform::Platform, policy::Mode, post::Warning};
use platforms::{Account, Bases, PreviewRequest, network};
use secrecy::SecretString;
use serde::Serialize;
use store::accounts::Addressee;

use super::examine::{Examined, examine};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    problem::Problem,
    query::Query,
};

/// What would become of a post.
#[derive(Debug, Serialize)]
pub(crate) struct ValidateResponse {
    /// Whether it would be accepted.
    valid: bool,
    /// What is wrong with the post itself, whatever the account.
    errors: Vec<Fault>,
    /// One for each account that can be posted to.
    targets: Vec<TargetResponse>,
}

#[derive(Debug, Serialize)]
struct TargetResponse {
    account_id: AccountId,
    platform: Platform,
    errors: Vec<Fault>,
    warnings: Vec<Warning>,
    /// What would be sent; empty while anything is wrong.
    requests: Vec<PreviewRequest>,
}

/// Looks at a post as if it were to be created, and writes nothing.
pub(crate) async fn validate(
    app: Data<App>,
    caller: Caller,
    query: Query,
    body: Body,
) -> Result<Json<ValidateResponse>, Problem> {
    caller.needs_any(&[Scope::PostsWrite, Scope::PostsDraft])?;
    query.read(|_| Some(()))?;
    let examined = examine(&app, &caller, body.value()?, app.clock.now()).await?;
    let bases = match (caller.project.mode, &app.sandbox) {
        (Mode::Test, Some(sandbox)) => Bases::in_sandbox(sandbox),
        _ => Bases::default(),
    };
    let of = |id: AccountId| move |fault: &&Fault| fault.account_id == Some(id);
    let is_of_a_target = |fault: &Fault| examined.targets.iter().any(|account| fault.account_id == Some(account.id));
    let errors: Vec<_> = examined.faults.iter().filter(|fault| !is_of_a_target(fault)).cloned().collect();
    let targets = examined.targets.iter().map(|account| {
        let own: Vec<_> = examined.faults.iter().filter(of(account.id)).cloned().collect();
        TargetResponse {
            account_id: account.id,
            platform: account.platform,
            requests: if errors.is_empty() && own.is_empty() {
                preview(&examined, account, &bases)
            } else {
                Vec::new()
            },
            errors: own,
            warnings: examined.warnings.iter().filter(|w| w.account_id == Some(account.id)).cloned().collect(),
        }
    });
    Ok(Json(ValidateResponse { valid: examined.faults.is_empty(), targets: targets.collect(), errors }))
}

fn preview(examined: &Examined, account: &Addressee, bases: &Bases) -> Vec<PreviewRequest> {
    let platform = account.platform;
    // There are none here to show: this service cannot open them.
    let tokens = SecretString::from(String::new());
    let sender = Account {
        network_unique_id: &account.network_unique_id,
        username: &account.username,
        facts: &account.facts,
        tokens: &tokens,
    };
    network(platform).preview(&examined.draft(account.id, platform.name()), &sender, bases)
}
