//! Everything that can be said of a post before it is accepted: what cannot be read, what is not there, and what each
//! account's network would refuse. All of it at once.

use std::collections::HashMap;

use domain::{
    account::AccountStatus,
    fault::Fault,
    ids::{AccountId, MediaId},
    post::{Role, Warning},
};
use jiff::Timestamp;
use platforms::{DraftMedia, DraftPart, RuleFault, TargetDraft, network};
use serde_json::Value;
use store::accounts::{self, Known};

use super::{
    asked::{self, Asked},
    container::AskedMedia,
    files::{self, Upload},
    parts::{AskedPart, option_pointer, options, parts},
};
use crate::{App, auth::Caller, fields::Faults, problem::Problem};

/// A post and all that was found out about it.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) asked: Asked,
    /// The accounts that are there and can be posted to, in the order they were named.
    pub(super) targets: Vec<Known>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
    uploads: HashMap<MediaId, Upload>,
}

impl Examined {
    /// The targets as their networks judge them.
    pub(super) fn draft(&self, account: AccountId, platform: &str) -> TargetDraft<'_> {
        draft(&self.asked, &self.uploads, account, platform)
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
    let known = find_accounts(app, caller, &asked).await?;
    let uploads = files::find(app, caller, &asked).await?;
    files::check(app, &asked, &uploads, &faults);
    refuse_empty(&asked, &faults);
    let (mut targets, mut warnings) = (Vec::new(), Vec::new());
    for (at, id) in asked.accounts.iter().enumerate() {
        let Some(id) = id else { continue };
        let pointer = format!("/accounts/{at}");
        match known.get(id) {
            None => faults.add(pointer, "unknown_account", "there is no such account"),
            Some(known) if known.account.status == AccountStatus::Disconnected => {
                let mut fault = Fault::new(pointer, "account_disconnected", "the account is disconnected");
                fault.account_id = Some(*id);
                faults.note(fault);
            }
            Some(known) => {
                rules(&asked, &uploads, known).into_iter().for_each(|fault| faults.note(fault));
                warnings.extend(warning(known));
                targets.push(known.clone());
            }
        }
    }
    let faults = match faults.check() {
        Err(Problem::Invalid(faults)) => faults,
        Err(problem) => return Err(problem),
        Ok(()) => Vec::new(),
    };
    Ok(Examined { asked, targets, faults, warnings, uploads })
}

/// Accounts of another owner are as unknown to a bound key as those of another project.
async fn find_accounts(app: &App, caller: &Caller, asked: &Asked) -> Result<HashMap<AccountId, Known>, Problem> {
    let ids: Vec<_> = asked.accounts.iter().flatten().copied().collect();
    let known = accounts::get_many(&app.database, caller.project.id, &ids).await?;
    Ok(known
        .into_iter()
        .filter(|known| caller.owner().is_none() || known.account.external_id.as_deref() == caller.owner())
        .map(|known| (known.account.id, known))
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

/// The code that networks' own rules give an empty part.
const EMPTY: &str = "text_missing";

fn warning(known: &Known) -> Option<Warning> {
    (known.account.status == AccountStatus::NeedsReconnect).then(|| Warning {
        code: "account_needs_reconnect".to_owned(),
        detail: format!("{} must be connected again before anything is sent to it", known.account.username),
        account_id: Some(known.account.id),
    })
}

/// What the account's network would refuse, each with its place in the body.
fn rules(asked: &Asked, uploads: &HashMap<MediaId, Upload>, known: &Known) -> Vec<Fault> {
    let (account, platform) = (known.account.id, known.account.platform);
    let parts = parts(asked, account);
    let draft = draft(asked, uploads, account, platform.name());
    let place = |rule: &RuleFault| match rule.part {
        None => Some(option_pointer(asked, account, platform.name(), &rule.pointer)),
        Some(at) => parts.get(at).filter(|part| part.is_sound).map(|part| pointer(part, &rule.pointer)),
    };
    network(platform)
        .check(&draft, &known.facts)
        .into_iter()
        .filter(|rule| rule.code != EMPTY)
        .filter_map(|rule| {
            Some(Fault {
                pointer: place(&rule)?,
                code: rule.code,
                detail: rule.detail,
                platform: Some(platform),
                account_id: Some(account),
            })
        })
        .collect()
}

fn pointer(part: &AskedPart<'_>, below: &str) -> String {
    if below == "/content" { part.content_pointer.clone() } else { format!("{}{below}", part.pointer) }
}

fn draft<'a>(
    asked: &'a Asked,
    uploads: &'a HashMap<MediaId, Upload>,
    account: AccountId,
    platform: &str,
) -> TargetDraft<'a> {
    let parts = parts(asked, account);
    TargetDraft {
        parts: parts
            .into_iter()
            .enumerate()
            .map(|(at, part)| DraftPart {
                role: Role::at(at),
                content: part.content,
                media: part.media.iter().map(|media| draft_media(media, uploads)).collect(),
            })
            .collect(),
        options: options(asked, account, platform),
    }
}

/// Nothing is known of a file behind a URL before it is fetched.
fn draft_media<'a>(media: &'a AskedMedia, uploads: &'a HashMap<MediaId, Upload>) -> DraftMedia<'a> {
    let upload = media.file.id.and_then(|id| uploads.get(&id));
    DraftMedia {
        kind: upload.and_then(|upload| upload.kind),
        content_type: upload.map(|upload| upload.content_type.as_str()),
        size: upload.and_then(|upload| upload.size),
        dimensions: upload.and_then(|upload| upload.dimensions),
        alt_text: media.file.alt_text.as_deref(),
    }
}
