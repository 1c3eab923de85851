//! Proofs that the database keeps companies and personas apart, tried through the logins and doors of the product.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod smoke {
    #[tokio::test]
    async fn a() {
        let db = surv_tests::TestDatabase::shared().await;
        for who in surv_tests::Who::ALL {
            let mut tx = db.tenants().begin(&surv_tests::Company::ACME.actor(who)).await.unwrap();
            let n: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(tx.conn()).await.unwrap();
            eprintln!("{who:?} {n}");
        }
    }
}
