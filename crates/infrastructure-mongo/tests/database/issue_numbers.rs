use convene_application::testing::builders::{ChangeBuilder, IssueBuilder};
use futures::future::join_all;

use crate::support::TestDatabase;

#[tokio::test]
async fn concurrently_created_issues_have_consecutive_numbers() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("tracker").await;
    let change = ChangeBuilder::by("first-admin").build();
    let another = database.another_process().await;
    let reports = (0..64).map(|number| {
        let ports = if number % 2 == 0 { &database.ports } else { &another };
        let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
        ports.issues.create(&tenant.scope, issue, &change)
    });
    let mut numbers: Vec<u32> =
        join_all(reports).await.into_iter().map(|made| made.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=64).collect::<Vec<u32>>());
    assert_eq!(database.logged("issue.created").await, 64);
}
