use platforms::{AccountNumbers, Network, linkedin::Linkedin};
use serde_json::{Value, json};

use super::{organization, person, rest};
use crate::bed::{Bed, Connected, refusal};

const SIZE: &str = "/rest/networkSizes/urn%3Ali%3Aorganization%3A123";
const STATISTICS: &str = "/rest/organizationalEntityShareStatistics";

async fn numbers(bed: &Bed, account: &Connected) -> Result<AccountNumbers, String> {
    let numbers = Linkedin.numbers().expect("can");
    let read = numbers.account_numbers(&bed.cx(), &account.get(), (bed.now, bed.now)).await;
    read.map_err(|error| refusal(&error))
}

#[tokio::test]
async fn an_organisation_has_followers() {
    let bed = Bed::new().await;
    bed.on("GET", SIZE, 200, json!({"firstDegreeSize": 219_145})).await;
    let totals = json!({"likeCount": 7, "impressionCount": 100, "engagement": 0.07, "odd": "x"});
    bed.on("GET", STATISTICS, 200, json!({"elements": [{"totalShareStatistics": totals}], "paging": {}})).await;
    let read = numbers(&bed, &organization()).await.expect("numbers");
    assert_eq!(read.followers, Some(219_145));
    assert_eq!(read.platform_specific, json!({"likeCount": 7, "impressionCount": 100, "engagement": 0.07}));
    assert_eq!(read.views, None, "LinkedIn's totals are of all times");
    assert_eq!(
        bed.seen().await,
        [
            rest(&format!("GET {SIZE}"), json!({"query": "edgeType=COMPANY_FOLLOWED_BY_MEMBER"})),
            rest(
                &format!("GET {STATISTICS}"),
                json!({"query": "q=organizationalEntity&organizationalEntity=urn%3Ali%3Aorganization%3A123"})
            ),
        ]
    );
}

#[tokio::test]
async fn a_member_has_no_numbers_and_a_bad_answer_is_none() {
    let bed = Bed::new().await;
    assert_eq!(numbers(&bed, &person()).await, Ok(AccountNumbers::default()));
    assert_eq!(bed.seen().await, [] as [Value; 0]);
    bed.on("GET", SIZE, 200, json!({"firstDegreeSize": -1})).await;
    assert_eq!(numbers(&bed, &organization()).await, Err("not_now".to_owned()));
}
