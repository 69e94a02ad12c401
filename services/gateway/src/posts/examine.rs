//! Everything that can be said of a post before it is accepted: what cannot be read, what is not there, and what each
//! account's network would refuse. All of it at once.

use std::collections::HashMap;

use domain::{
    account::AccountStatus,
    fault::Fault,
    ids::{AccountId, MediaId},
    post::Warning,
};
use jiff::Timestamp;
use platforms::TargetDraft;
use serde_json::Value;
use store::accounts::Addressee;

use super::{
    asked::{self, Asked},
    files::{self, Upload},
    quota,
    rules::{self, EMPTY},
};
use crate::{App, auth::Caller, fields::Faults, problem::Problem};

/// A post and all that was found out about it.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) asked: Asked,
    /// The accounts that are there and can be posted to, in the order they were named.
    pub(super) targets: Vec<Addressee>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    uploads: HashMap<MediaId, Upload>,
}

impl Examined {
    /// The targets as their networks judge them.
    pub(super) fn draft(&self, account: AccountId, platform: &str) -> TargetDraft<'_> {
        rules::draft(&self.asked, &self.uploads, account, platform)
    }
}

/// Reads the body of a post and looks at it from every side.
///
/// # Errors
/// Those of the database; what is wrong with the post is in the answer.
pub(super) async fn examine(app: &App, caller: &Caller, body: &Value, now: Timestamp) -> Result<Examined, Problem> {
    let faults = Faults::default();
    faults.refuse_nul(body);
    let asked = faults.object(body, |body| asked::read(body, now)).unwrap_or_default();
    let mut known = find_accounts(app, caller, &asked).await?;
    let uploads = files::find(app, caller, &asked).await?;
    files::check(app, &asked, &uploads, &faults);
    refuse_empty(&asked, &faults);
    let (mut targets, mut warnings) = (Vec::new(), Vec::new());
    for (at, id) in asked.accounts.iter().enumerate() {
        let Some(id) = id else { continue };
        let pointer = format!("/accounts/{at}");
        match known.remove(id) {
            None => faults.add(pointer, "unknown_account", "there is no such account"),
            Some(account) if account.status == AccountStatus::Disconnected => {
                let mut fault = Fault::new(pointer, "account_disconnected", "the account is disconnected");
                fault.account_id = Some(*id);
                faults.note(fault);
            }
            Some(account) => {
                warnings.extend(warning(&account));
                targets.push(account);
            }
        }
    }
    rules::check(&asked, &uploads, &targets, &faults);
    if let Some(due) = asked.due(now) {
        warnings.extend(quota::warnings(app, caller, &targets, due).await?);
    }
    let faults = match faults.check() {
        Err(Problem::Invalid(faults)) => faults,
        Err(problem) => return Err(problem),
        Ok(()) => Vec::new(),
    };
    Ok(Examined { asked, targets, faults, warnings, uploads })
}

/// Accounts of another owner are as unknown to a bound key as those of another project.
async fn find_accounts(app: &App, caller: &Caller, asked: &Asked) -> Result<HashMap<AccountId, Addressee>, Problem> {
    let ids: Vec<_> = asked.accounts.iter().flatten().copied().collect();
    let found = app.accounts.find(caller.project.id, ids).await?;
    Ok(found
        .into_iter()
        .filter(|account| caller.owner().is_none() || account.external_id.as_deref() == caller.owner())
        .map(|account| (account.id, account))
        .collect())
}

/// No network takes nothing, so it is told once and not by each of them.
fn refuse_empty(asked: &Asked, faults: &Faults) {
    let own = asked.own.iter().flat_map(|own| own.containers.iter().flatten());
    for container in asked.containers.iter().chain(own).filter(|container| container.is_sound && container.is_empty()) {
        faults.add(format!("{}/content", container.pointer), EMPTY, "needs text or media");
    }
    for own in asked.own.iter().filter(|own| own.content.as_ref().is_some_and(|text| text.trim().is_empty())) {
        if asked.containers.first().is_some_and(|main| main.media.is_empty()) {
            faults.add(format!("{}/content", own.pointer), EMPTY, "needs text or media");
        }
    }
}

fn warning(account: &Addressee) -> Option<Warning> {
    (account.status == AccountStatus::NeedsReconnect).then(|| Warning {
        code: "account_needs_reconnect".to_owned(),
        detail: format!("{} must be connected again before anything is sent to it", account.username),
        account_id: Some(account.id),
    })
}
