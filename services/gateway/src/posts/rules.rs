//! The networks' own rules, applied to what each account would get, with the places of what they refuse in the body.

use std::collections::HashMap;

use domain::{
    fault::Fault,
    ids::{AccountId, MediaId},
    platform::Platform,
    post::Role,
};
use platforms::{DraftMedia, DraftPart, RuleFault, TargetDraft, network};
use serde_json::Value;
use store::accounts::Addressee;

use super::{
    asked::Asked,
    container::AskedMedia,
    files::Upload,
    parts::{AskedPart, option_pointer, options, parts},
};
use crate::fields::Faults;

/// The code that networks give an empty part. Nobody takes one, so it is told once and not by each of them.
pub(super) const EMPTY: &str = "text_missing";

/// Notes everything that a network would refuse, for each account that it would refuse it for.
pub(super) fn check(asked: &Asked, uploads: &HashMap<MediaId, Upload>, accounts: &[Addressee], faults: &Faults) {
    // Accounts that get the same and are ruled by the same are judged once: fifty accounts must not make a long text
    // fifty times as long.
    let mut judged: Vec<(Platform, &Value, Vec<RuleFault>)> = Vec::new();
    for account in accounts {
        let judge = || {
            network(account.platform).check(&draft(asked, uploads, account.id, account.platform.name()), &account.facts)
        };
        let own;
        let found = if asked.own(account.id).is_some() {
            own = judge();
            &own
        } else {
            let same = judged
                .iter()
                .position(|(platform, facts, _)| *platform == account.platform && **facts == account.facts);
            let at = same.unwrap_or_else(|| {
                judged.push((account.platform, &account.facts, judge()));
                judged.len() - 1
            });
            &judged[at].2
        };
        place(asked, account, found).for_each(|fault| faults.note(fault));
    }
}

fn place<'a>(asked: &'a Asked, account: &'a Addressee, found: &'a [RuleFault]) -> impl Iterator<Item = Fault> + 'a {
    let parts = parts(asked, account.id);
    found.iter().filter(|rule| rule.code != EMPTY).filter_map(move |rule| {
        let pointer = match rule.part {
            None => option_pointer(asked, account.id, account.platform.name(), &rule.pointer),
            // Of a part that could not be read whole, nothing that a network says is worth telling.
            Some(at) => pointer(parts.get(at).filter(|part| part.is_sound)?, &rule.pointer),
        };
        Some(Fault {
            pointer,
            code: rule.code,
            detail: rule.detail.clone(),
            platform: Some(account.platform),
            account_id: Some(account.id),
        })
    })
}

fn pointer(part: &AskedPart<'_>, below: &str) -> String {
    if below == "/content" { part.content_pointer.clone() } else { format!("{}{below}", part.pointer) }
}

/// What an account would get, as its network judges it.
pub(super) fn draft<'a>(
    asked: &'a Asked,
    uploads: &'a HashMap<MediaId, Upload>,
    account: AccountId,
    platform: &str,
) -> TargetDraft<'a> {
    TargetDraft {
        parts: parts(asked, account)
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
