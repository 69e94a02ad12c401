//! Up, down and up again gives the same schema.

use runtime::admin::Vitals as _;
use store::DatabaseVitals;

const SHAPE: &str = "SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations' \
    UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint \
      WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text !~ 'diesel' ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_survives_going_down_and_up() {
    let server = testkit::database().await;
    let database = server.open();
    let before = server.texts(SHAPE).await;

    database.unmigrate().await.unwrap();
    let emptied = server.texts(SHAPE).await;
    database.migrate().await.unwrap();

    assert!(before.len() > 100, "{}", before.len());
    assert_eq!(emptied, Vec::<String>::new());
    assert_eq!(server.texts(SHAPE).await, before);
    assert!(database.is_migrated().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_index_names_the_state_of_a_target() {
    // A column in an index, also in its predicate, would end HOT updates.
    let server = testkit::database().await;
    let named =
        server.texts("SELECT indexdef FROM pg_indexes WHERE tablename = 'post_targets' AND indexdef ~ 'state'").await;
    assert_eq!(named, Vec::<String>::new());
}

/// On the one thread that the admin port has.
#[tokio::test]
async fn a_process_is_not_ready_before_the_schema_is_there() {
    let server = testkit::database().await;
    let vitals = DatabaseVitals::new(server.open());
    server.execute("ALTER TABLE __diesel_schema_migrations RENAME TO elsewhere").await;
    let without_list = vitals.not_ready().await;
    server.execute("ALTER TABLE elsewhere RENAME TO __diesel_schema_migrations").await;
    let newest = server.texts("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations) RETURNING version::text").await;
    let without_newest = vitals.not_ready().await;
    server.execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{}')", newest[0])).await;

    assert!(without_list.concat().contains("fanfare migrate"), "{without_list:?}");
    assert_eq!(without_newest, without_list);
    assert_eq!(vitals.not_ready().await, Vec::<String>::new());
    assert_eq!(vitals.not_ready().await, Vec::<String>::new(), "it answers still");
}
