//! Everything that can go wrong between a send and its answer, on networks of each class, with what must be true of the
//! ledger afterwards: nothing twice, nothing said that is not so.

mod asked;
mod blind;
mod handles;
mod threads;

use std::collections::HashMap;

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    crowd::{self, Somebody},
    played::{Class, Stage},
    tally::Tally,
    tenant::{Policies, id},
};
use futures::future::join_all;
use serde_json::{Value, json};

/// A house whose networks are all played by one stage.
struct Scene {
    stage: Stage,
    house: House,
    tenant: Tenant,
}

impl Scene {
    async fn of(class: Class, policies: Policies) -> Self {
        let stage = Stage::open().await;
        let options =
            Options::over(Transport::Local).impatient().networks(stage.networks(class)).sending_to(&stage.origin());
        let house = House::up(options).await;
        let tenant = house.tenant_with(policies).await;
        Self { stage, house, tenant }
    }

    async fn people(&self, count: usize) -> Vec<Somebody> {
        let ring = self.house.ring.public();
        let people = crowd::gather(&self.house.db, &ring, self.tenant.project, Platform::Mastodon, count).await;
        let alone = "UPDATE social_accounts SET facts = jsonb_build_object('server', network_unique_id)";
        self.house.db.execute(alone).await;
        people
    }

    async fn post(&self, content: &str, who: &Somebody) -> Value {
        self.tenant.post_body(json!({"content": content, "accounts": [who.id]})).await
    }

    /// A post to each, all settled.
    async fn posts(&self, content: &str, people: &[Somebody]) -> Vec<Value> {
        let posted = join_all(people.iter().map(|who| self.post(content, who))).await;
        self.settled(&posted).await
    }

    async fn settled(&self, posts: &[Value]) -> Vec<Value> {
        join_all(posts.iter().map(|post| self.tenant.settled(post))).await
    }

    /// The caller's word on the only target of a post.
    async fn resolve(&self, post: &Value, word: Value) {
        let way = format!("/v1/posts/{}/targets/{}/resolve", id(post), id(&post["targets"][0]));
        self.tenant.caller.post(&way, word).await.expect(200);
    }

    fn tally(&self, posts: &[Value], people: &[Somebody]) -> Tally {
        let names: HashMap<_, _> = people.iter().map(|who| (who.id.clone(), who.account.clone())).collect();
        let public: Vec<_> = self
            .stage
            .public()
            .into_iter()
            .filter(|public| names.values().any(|name| *name == public.account))
            .collect();
        Tally::of(posts, &names, &public)
    }

    async fn end(self) {
        self.house.down().await.expect("an orderly end");
    }
}

/// Outcomes in the attempts log of one step, in order.
async fn outcomes(tenant: &Tenant, post: &Value, step: &str) -> Vec<String> {
    let attempts = tenant.attempts(post).await;
    let mut of_step: Vec<_> = attempts.iter().filter(|attempt| attempt["step"] == step).collect();
    of_step.sort_by_key(|attempt| attempt["started_at"].to_string());
    of_step.iter().filter_map(|attempt| Some(attempt["outcome"].as_str()?.to_owned())).collect()
}
