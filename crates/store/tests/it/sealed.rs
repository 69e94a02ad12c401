//! Sealing anew what is stored, while others write.

use domain::sealed::{Pile, Place};
use store::sealed::{self, Resealed, Sealed};
use uuid::Uuid;

use crate::house::House;

const TOKENS: Place = Place { table: "account_tokens", column: "sealed" };
const OLD: &[u8] = b"\x01oldolold";
const NEW: &[u8] = b"\x01newnewne";

impl House {
    /// As many accounts, each with tokens sealed to the old key. In the order of their ids.
    async fn sealed_accounts(&self, count: usize) -> Vec<Uuid> {
        let mut rows = Vec::new();
        for _ in 0..count {
            rows.push(self.account().await.0);
        }
        rows.sort();
        for row in &rows {
            self.store_tokens(*row, &[OLD, row.as_bytes()].concat()).await;
        }
        rows
    }

    async fn store_tokens(&self, row: Uuid, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.server.execute(&format!("UPDATE account_tokens SET sealed = '\\x{hex}' WHERE account_id = '{row}'")).await;
    }

    async fn tokens(&self) -> Vec<String> {
        self.server.texts("SELECT encode(sealed, 'escape') FROM account_tokens ORDER BY account_id").await
    }

    async fn list(&self, after: Uuid, limit: i64) -> Vec<Sealed> {
        sealed::list(&self.database, TOKENS, NEW, after, limit).await.unwrap()
    }
}

fn resealed(one: &Sealed) -> Resealed {
    Resealed { row: one.row, before: one.bytes.clone(), after: [NEW, one.row.as_bytes()].concat() }
}

#[tokio::test]
async fn every_column_that_holds_sealed_bytes_is_known() {
    let house = House::new().await;
    let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns \
        WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name LIKE 'sealed%' ORDER BY 1";
    let mut known: Vec<_> = sealed::places().map(|place| place.to_string()).collect();
    known.sort();
    assert_eq!(known, house.server.texts(columns).await);
    // Their statements fit.
    for place in sealed::places() {
        assert_eq!(sealed::list(&house.database, place, NEW, Uuid::nil(), 10).await.unwrap(), []);
        let nobody = Resealed { row: Uuid::nil(), before: OLD.to_vec(), after: NEW.to_vec() };
        assert_eq!(sealed::replace(&house.database, place, vec![nobody]).await.unwrap(), 0, "{place}");
    }
    let elsewhere = Place { table: "posts", column: "sealed" };
    assert!(sealed::list(&house.database, elsewhere, NEW, Uuid::nil(), 10).await.is_err());
}

#[tokio::test]
async fn what_is_stored_is_counted_by_place_and_key() {
    // given
    let house = House::new().await;
    let rows = house.sealed_accounts(3).await;
    house.store_tokens(rows[1], &[NEW, b"rest"].concat()).await;
    let endpoint = Uuid::now_v7();
    house
        .server
        .execute(&format!(
            "INSERT INTO webhook_endpoints (id, project_id, url, events, sealed_headers) VALUES \
               ('{endpoint}', '{0}', '', '{{}}', '\\x0102'), ('{1}', '{0}', '', '{{}}', NULL)",
            house.project.0,
            Uuid::now_v7()
        ))
        .await;
    // then
    let headers = Place { table: "webhook_endpoints", column: "sealed_headers" };
    let pile = |place, head: &[u8], rows| Pile { place, head: head.to_vec(), rows };
    let expected = [pile(TOKENS, NEW, 1), pile(TOKENS, OLD, 2), pile(headers, &[1, 2], 1)];
    assert_eq!(sealed::list_piles(&house.database).await.unwrap(), expected);
    assert_eq!(sealed::list_piles_when_there(&house.database).await.unwrap(), expected);
}

#[tokio::test]
async fn rows_are_listed_page_by_page_until_they_are_sealed_anew() {
    // given
    let house = House::new().await;
    let rows = house.sealed_accounts(5).await;
    let ids = |page: &[Sealed]| page.iter().map(|one| one.row).collect::<Vec<_>>();
    // when
    let first = house.list(Uuid::nil(), 2).await;
    assert_eq!(ids(&first), rows[..2]);
    assert_eq!((first[0].project, first[0].sealed_in), (house.project, TOKENS));
    assert_eq!(sealed::replace(&house.database, TOKENS, first.iter().map(resealed).collect()).await.unwrap(), 2);
    // then
    assert_eq!(ids(&house.list(Uuid::nil(), 10).await), rows[2..]);
    assert_eq!(ids(&house.list(rows[3], 10).await), rows[4..]);
    // and: again changes nothing
    assert_eq!(sealed::replace(&house.database, TOKENS, first.iter().map(resealed).collect()).await.unwrap(), 0);
}

#[tokio::test]
async fn only_the_bytes_change() {
    let house = House::new().await;
    let rows = house.sealed_accounts(1).await;
    let rest = "SELECT (to_jsonb(k) - 'sealed')::text FROM account_tokens k";
    let before = house.server.texts(rest).await;
    let all = house.list(Uuid::nil(), 10).await;
    assert_eq!(sealed::replace(&house.database, TOKENS, vec![resealed(&all[0])]).await.unwrap(), 1);
    assert!(house.tokens().await[0].contains("new"), "{rows:?}");
    assert_eq!(house.server.texts(rest).await, before);
}

#[tokio::test]
async fn what_somebody_replaced_meanwhile_stays() {
    // given: all were read
    let house = House::new().await;
    let rows = house.sealed_accounts(3).await;
    let all = house.list(Uuid::nil(), 10).await;
    // when: one is renewed, one is gone
    let renewed = [OLD, b"renewed"].concat();
    house.store_tokens(rows[1], &renewed).await;
    house.server.execute(&format!("DELETE FROM account_tokens WHERE account_id = '{}'", rows[2])).await;
    // then
    assert_eq!(sealed::replace(&house.database, TOKENS, all.iter().map(resealed).collect()).await.unwrap(), 1);
    let tokens = house.tokens().await;
    assert_eq!(tokens.len(), 2);
    assert!(tokens[0].contains("new") && tokens[1].contains("renewed"), "{tokens:?}");
    assert_eq!(house.list(Uuid::nil(), 10).await.iter().map(|one| one.bytes.clone()).collect::<Vec<_>>(), [renewed]);
}

#[tokio::test]
async fn nobodys_lock_is_waited_for() {
    // given: somebody is about to store something newer
    let house = House::new().await;
    let rows = house.sealed_accounts(3).await;
    let all = house.list(Uuid::nil(), 10).await;
    let renewed = "UPDATE account_tokens SET sealed = '\\x01' WHERE account_id";
    house.server.execute(&format!("BEGIN; {renewed} = '{}'", rows[1])).await;
    // when: the others are not held up
    let replacing = sealed::replace(&house.database, TOKENS, all.iter().map(resealed).collect());
    let done = tokio::time::timeout(std::time::Duration::from_secs(5), replacing).await.expect("no waiting");
    house.server.execute("COMMIT").await;
    // then
    assert_eq!(done.unwrap(), 2);
    let left: Vec<_> = house.list(Uuid::nil(), 10).await.iter().map(|one| (one.row, one.bytes.clone())).collect();
    assert_eq!(left, [(rows[1], vec![1])]);
}
