//! From what was asked for and found good to what is written.

use domain::ids::{ContainerId, TargetId};
use store::posts::{NewContainer, NewTarget};
use uuid::Uuid;

use super::{
    asked::Asked,
    container::AskedContainer,
    examine::Examined,
    parts::{Origin, parts},
};

/// The containers and targets of a post, with all their ids chosen: everybody's containers first.
pub(super) fn build(examined: &Examined) -> (Vec<NewContainer>, Vec<NewTarget>) {
    let asked = &examined.asked;
    let mut containers: Vec<_> =
        (0..).zip(&asked.containers).map(|(position, container)| shared_container(position, container)).collect();
    let shared: Vec<_> = containers.iter().map(|container| container.id).collect();
    let mut targets = Vec::new();
    for account in &examined.targets {
        let mut chosen = Vec::new();
        for (position, part) in (0..).zip(parts(asked, account.id)) {
            let own = match part.origin {
                Origin::Shared(at) => {
                    chosen.extend(shared.get(at).copied());
                    continue;
                }
                Origin::OwnText | Origin::Own(_) => NewContainer {
                    id: ContainerId(Uuid::now_v7()),
                    account_id: Some(account.id),
                    position,
                    content: part.content.to_owned(),
                    media: part.media.iter().map(|media| media.file.clone()).collect(),
                },
            };
            chosen.push(own.id);
            containers.push(own);
        }
        targets.push(NewTarget {
            id: TargetId(Uuid::now_v7()),
            account_id: account.id,
            platform: account.platform,
            username: account.username.clone(),
            owner: account.external_id.clone(),
            parts: chosen,
        });
    }
    (containers, targets)
}

fn shared_container(position: i16, container: &AskedContainer) -> NewContainer {
    NewContainer {
        id: ContainerId(Uuid::now_v7()),
        account_id: None,
        position,
        content: container.content.clone(),
        media: container.media.iter().map(|media| media.file.clone()).collect(),
    }
}

/// `config` and `account_config` as they are stored and shown.
pub(super) fn configs(asked: &Asked) -> (serde_json::Value, serde_json::Value) {
    (asked.config.clone().into(), asked.account_config())
}
